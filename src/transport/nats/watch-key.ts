/**
 * Watches the current value of a key for a participant, without a consumer. A consumer delivers to
 * any subject that it names, so a client that may make one could have the server publish in
 * another's place. A change is noticed on the key's own subject, and then read. A missed change is
 * read a few seconds later.
 */
import type { KV, KvEntry } from '@nats-io/kv';
import type { Nats } from './connection.js';
import { kvSubject } from './names.js';

/** @returns once the value was read for the first time */
export async function watchKey(
  { connection, outages }: Nats,
  bucket: KV,
  bucketName: string,
  key: string,
  see: (entry: KvEntry) => void,
  everyMs: number,
  signal: AbortSignal,
): Promise<void> {
  let reading = false;
  let again = false;
  const read = async () => {
    if (signal.aborted) return;
    const entry = await bucket.get(key);
    if (entry !== null && !signal.aborted) see(entry);
  };
  /** One reading at a time; the next one reads later changes. */
  const readSoon = async () => {
    again = true;
    if (reading) return;
    reading = true;
    while (again) {
      again = false;
      // If there is no answer, the next reading tries again.
      await read().catch(() => undefined);
    }
    reading = false;
  };
  const soon = () => void readSoon();
  // The message itself is not used, since the server may have refused to keep it.
  const subscription = connection.subscribe(kvSubject(bucketName, key), { callback: soon });
  const timer = setInterval(soon, everyMs);
  outages.onReconnect(soon, signal);
  signal.addEventListener(
    'abort',
    () => {
      clearInterval(timer);
      if (!connection.isClosed()) subscription.unsubscribe();
    },
    { once: true },
  );
  await outages.through(read);
}
