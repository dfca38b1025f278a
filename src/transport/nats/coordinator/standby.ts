/**
 * A standby coordinator waits for the leader's beat to stop. A leader that leaves says so, with its
 * epoch. Without that, a missing beat could also be that of a leader that has just won and has not
 * said yet that it is there.
 */
import type { KvEntry } from '@nats-io/kv';
import type { Nats } from '../connection.js';
import { closedError } from '../explain.js';
import { follow } from '../follow.js';
import type { Buckets } from '../layout.js';
import { decode, leaderSchema } from '../messages.js';
import { leaderKey } from '../names.js';

/**
 * Resolves when the leader of `epoch` is gone; of any, where it is not known: at once where it has
 * left, else when no beat has come for `afterMs`. Beats that a lost connection kept away do not
 * count as missed: then it is ourselves who are gone.
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

/** The epoch whose leader says by this that it leaves. */
function leftEpoch(entry: KvEntry): number | undefined {
  try {
    const { epoch, left } = decode(leaderSchema, entry.value, 1024);
    return left ? epoch : undefined;
  } catch {
    // Another version's, or nothing: its writer was there.
    return undefined;
  }
}
