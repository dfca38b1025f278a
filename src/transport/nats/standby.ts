/** A standby coordinator waits for the leader's beat to stop. */
import type { KvEntry } from '@nats-io/kv';
import type { Nats } from './connection.js';
import { closedError } from './explain.js';
import { follow } from './follow.js';
import type { Buckets } from './layout.js';
import { leaderKey } from './names.js';

/**
 * Resolves when there is no leader: at once where none has been, or it left; else when no beat has come for `afterMs`. Beats that a
 * lost connection kept away do not count as missed: then it is ourselves who are gone.
 * @param inAnyCase waits so long even where there is no leader to be seen
 * @throws TransportError when `signal` is aborted before
 */
export async function leaderGone(
  nats: Nats,
  { presence }: Buckets,
  job: string,
  afterMs: number,
  inAnyCase: boolean,
  signal: AbortSignal,
): Promise<void> {
  const key = leaderKey(job);
  const absent = (entry: KvEntry | null) => !inAnyCase && (entry === null || entry.operation !== 'PUT');
  if (await nats.outages.untilDone('the leader', async () => absent(await presence.get(key)), signal)) return;
  const watching = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const heard = () => {
        clearTimeout(timer);
        if (!watching.signal.aborted) timer = setTimeout(resolve, afterMs);
      };
      heard();
      signal.addEventListener('abort', () => reject(closedError()), { once: true });
      follow(nats, presence, key, (entry) => (absent(entry) ? resolve() : heard()), watching.signal).catch(
        reject,
      );
      nats.outages.whileAway(heard, watching.signal);
    });
  } finally {
    watching.abort();
    clearTimeout(timer);
  }
}
