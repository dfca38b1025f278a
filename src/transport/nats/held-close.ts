/**
 * Closes a connection, but not while a watch on it is being opened. If it closed between the
 * server's answer and the watch, the NATS library would fail and leave its timer behind: the
 * process would not end, and a ClosedConnectionError would be printed every few seconds.
 */
import { setTimeout as delay } from 'node:timers/promises';

/** A server that is away is not waited for longer. */
const LONGEST_MS = 1000;

export interface HeldClose {
  /** Opens something; `close` waits for it. */
  opening<Result>(open: () => Promise<Result>): Promise<Result>;
  /** Closes the connection. The caller has ended, by a signal, whatever would open more. */
  close(): Promise<void>;
}

export function heldClose(connection: { close(): Promise<void> }): HeldClose {
  const open = new Set<Promise<unknown>>();
  return {
    async opening(act) {
      const promise = act();
      open.add(promise);
      try {
        return await promise;
      } finally {
        open.delete(promise);
      }
    },
    async close() {
      if (open.size > 0) {
        await Promise.race([Promise.allSettled(open), delay(LONGEST_MS, undefined, { ref: false })]);
      }
      await connection.close();
    },
  };
}
