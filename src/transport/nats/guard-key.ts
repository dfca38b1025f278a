/**
 * Guards a key that only this coordinator writes: another client's value is overwritten. With the
 * permissions of docs/nats.md no other client can write it, but the run must not stop on a server
 * with other permissions.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { KV } from '@nats-io/kv';
import type { Nats } from './connection.js';
import { follow } from './follow.js';

/** The shortest time between two repairs. */
export const REPAIR_PAUSE_MS = 100;

export interface Guarded {
  readonly bucket: KV;
  readonly key: string;
  readonly value: Uint8Array;
  /** Whether another value may stay, because a coordinator that has taken over wrote it. */
  mayStay(value: Uint8Array): boolean;
  onSpoiled(): void;
}

/** Guards the key until `signal` is aborted. */
export async function guardKey(
  nats: Nats,
  { bucket, key, value, mayStay, onSpoiled }: Guarded,
  signal: AbortSignal,
): Promise<void> {
  const own = Buffer.from(value);
  let repairing: Promise<unknown> = Promise.resolve();
  const repair = async () => {
    const now = await bucket.get(key);
    if (now !== null && (own.equals(now.value) || mayStay(now.value))) return;
    onSpoiled();
    await bucket.put(key, value, { previousSeq: now?.revision ?? 0 });
    await delay(REPAIR_PAUSE_MS, undefined, { signal }).catch(() => undefined);
  };
  await follow(
    nats,
    bucket,
    key,
    (entry) => {
      if (own.equals(entry.value) || mayStay(entry.value)) return;
      // If another client was quicker, its value arrives as the next change.
      repairing = repairing.then(() => (signal.aborted ? undefined : repair().catch(() => undefined)));
    },
    signal,
  );
}
