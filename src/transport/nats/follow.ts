/** Follows the current value of a key through restarts of the server. */
import { setTimeout as delay } from 'node:timers/promises';
import type { KV, KvWatchEntry } from '@nats-io/kv';
import type { Nats } from './connection.js';

const PAUSE_MS = 250;

/**
 * Calls `see` with the current entry of every key that matches, then with every change. After a
 * reconnection it begins again, since a consumer in the server's memory does not survive a restart.
 * @returns once the first watch is open
 */
export async function follow(
  { connection, outages, opening }: Nats,
  bucket: KV,
  key: string,
  see: (entry: KvWatchEntry) => void,
  signal: AbortSignal,
): Promise<void> {
  const open = () => opening(() => bucket.watch({ key }));
  let watch = await outages.through(open);
  const stop = () => watch.stop();
  outages.onReconnect(stop, signal);
  signal.addEventListener('abort', stop, { once: true });
  const over = () => signal.aborted || connection.isClosed();
  void (async () => {
    while (!over()) {
      try {
        for await (const entry of watch) if (!over()) see(entry);
        watch = await outages.untilDone('a watch', open, signal);
      } catch {
        await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    watch.stop();
  })();
}
