/**
 * How a standby coordinator waits for the leader to be gone. A leader that leaves says so with its
 * epoch. Without the epoch, a missing beat could belong to a new leader that has not sent its first
 * beat yet.
 */
import type { KvEntry } from '@nats-io/kv';
import type { Nats } from '../connection.js';
import { closedError } from '../explain.js';
import { follow } from '../follow.js';
import type { Buckets } from '../layout.js';
import { decode, leaderSchema } from '../messages.js';
import { leaderKey } from '../names.js';

/**
 * Resolves when the leader of `epoch`, or any leader if the epoch is unknown, is gone: at once if
 * it has left, otherwise when no beat has come for `afterMs`. While our own connection is lost,
 * beats do not count as missed.
 * @throws TransportError when `signal` is aborted before
 */
export async function leaderGone(
  nats: Nats,
  { presence }: Buckets,
  job: string,
  epoch: number | undefined,
  afterMs: number,
  signal: AbortSignal,
): Promise<void> {
  const key = leaderKey(job);
  const left = (entry: KvEntry | null) => entry !== null && epoch !== undefined && leftEpoch(entry) === epoch;
  if (await nats.outages.untilDone('the leader', async () => left(await presence.get(key)), signal)) return;
  const watching = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const heard = () => {
        clearTimeout(timer);
        if (!watching.signal.aborted) timer = setTimeout(resolve, afterMs);
      };
      heard();
      signal.addEventListener('abort', () => reject(closedError()), { signal: watching.signal });
      follow(nats, presence, key, (entry) => (left(entry) ? resolve() : heard()), watching.signal).catch(
        reject,
      );
      nats.outages.whileAway(heard, watching.signal);
    });
  } finally {
    watching.abort();
    clearTimeout(timer);
  }
}

/** The epoch of a leader's goodbye; undefined for any other entry. */
function leftEpoch(entry: KvEntry): number | undefined {
  try {
    const { epoch, left } = decode(leaderSchema, entry.value, 1024);
    return left ? epoch : undefined;
  } catch {
    // An entry of another version or an invalid one; it still shows that its writer was there.
    return undefined;
  }
}
