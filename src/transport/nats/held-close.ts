/**
 * Closes a connection once nobody opens a watch on it. Where a connection closes between the
 * server's answer and the watch, the NATS library fails to open it and leaves its timer behind: the
 * process does not end, and the library prints a ClosedConnectionError every few seconds.
 */
import { setTimeout as delay } from 'node:timers/promises';

/** A server that is away is not waited for. */
const LONGEST_MS = 1000;

export interface HeldClose {
  /** Opens something; the connection is not closed meanwhile. */
  opening<Result>(open: () => Promise<Result>): Promise<Result>;
  /** For who has said already, by a signal, that nothing more is to be opened. */
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
