/** The current value of a key, and each that replaces it, through restarts of the server. */
import { setTimeout as delay } from 'node:timers/promises';
import type { KV, KvWatchEntry } from '@nats-io/kv';
import type { NatsConnection, QueuedIterator } from '@nats-io/transport-node';
import { onReconnect } from './again.js';

const PAUSE_MS = 250;

/**
 * Calls `see` with the current entry of every key that matches, then with every change; again with the current ones after a
 * reconnection, since a consumer of the server's memory does not survive the server.
 * @returns once the first watch is open
 */
export async function follow(
  connection: NatsConnection,
  bucket: KV,
  key: string,
  see: (entry: KvWatchEntry) => void,
  signal: AbortSignal,
): Promise<void> {
  let watch: QueuedIterator<KvWatchEntry> = await bucket.watch({ key });
  const stop = () => watch.stop();
  void onReconnect(connection, stop, signal);
  signal.addEventListener('abort', stop, { once: true });
  void (async () => {
    while (!signal.aborted && !connection.isClosed()) {
      try {
        for await (const entry of watch) if (!signal.aborted) see(entry);
      } catch {
        await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
      while (!signal.aborted && !connection.isClosed()) {
        try {
          watch = await bucket.watch({ key });
          break;
        } catch {
          await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
        }
      }
    }
    watch.stop();
  })();
}
