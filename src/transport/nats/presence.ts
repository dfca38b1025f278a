/**
 * Presence over NATS. A participant writes a key at intervals, its beat. The coordinator counts the
 * time since the last beat by its own clock, since the oldest servers do not report when a key
 * expires. Expiry helps a coordinator that starts later: it finds the keys of the participants that
 * are there.
 */
import type { KV } from '@nats-io/kv';
import { LONGEST_TIMER_MS } from '../timer.js';
import type { Nats } from './connection.js';
import { follow } from './follow.js';
import { BEATS_MISSED } from './layout.js';
import { encode } from './messages.js';
import { participantKey } from './names.js';

/**
 * Writes the beat of this participant, until `signal` is aborted.
 * @returns once it was written the first time; fails for a client that may not write this key
 */
export async function beat(nats: Nats, bucket: KV, key: string, everyMs: number, signal: AbortSignal) {
  // A lost beat does no harm: the next follows.
  const put = () => void bucket.put(key, encode({})).catch(() => undefined);
  await nats.outages.through(() => bucket.put(key, encode({})));
  const timer = setInterval(put, everyMs);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  nats.outages.onReconnect(put, signal);
}

export interface PresenceWatch {
  /** Counts any message from a participant as a beat. */
  seen(name: string): void;
}

/** Reports which participants come and go, each change once. */
export async function watchPresence(
  nats: Nats,
  bucket: KV,
  job: string,
  participants: ReadonlyMap<string, string>,
  beatMs: number,
  tell: (name: string, present: boolean) => void,
  signal: AbortSignal,
): Promise<PresenceWatch> {
  const present = new Map<string, NodeJS.Timeout>();
  const gone = (name: string) => {
    clearTimeout(present.get(name));
    if (present.delete(name)) tell(name, false);
  };
  const seen = (name: string) => {
    if (signal.aborted) return;
    const before = present.get(name);
    clearTimeout(before);
    present.set(
      name,
      setTimeout(() => gone(name), Math.min(beatMs * BEATS_MISSED, LONGEST_TIMER_MS)),
    );
    if (before === undefined) tell(name, true);
  };
  const prefix = participantKey(job, '');
  signal.addEventListener('abort', () => present.forEach(clearTimeout), { once: true });
  await follow(
    nats,
    bucket,
    participantKey(job, '*'),
    ({ key, operation }) => {
      const name = participants.get(key.slice(prefix.length));
      if (name === undefined) return;
      if (operation === 'PUT') seen(name);
      else gone(name);
    },
    signal,
  );
  return { seen };
}
