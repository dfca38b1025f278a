/**
 * The limits of every wait of a transport. A peer may accept a connection and then be silent: a
 * machine that went down, a firewall that drops packets, an attacker that keeps others waiting.
 * Then the wait ends, and is tried again if that may help.
 */

export interface Waits {
  /** For a connection to a hub, its TLS included, before anything is said. */
  readonly connectMs: number;
  /**
   * For the WebSocket of a hub and its first frame; a hub that accepts a connection greets at once.
   */
  readonly greetingMs: number;
  /**
   * For a request for a blob, or its answer, in which nothing moves. A hub that syncs a large blob
   * is silent for a while.
   */
  readonly silentMs: number;
  /** For a whole answer to a request from outside a run, such as an operator's. */
  readonly answerMs: number;
  /** For a hub to close its end. */
  readonly closeMs: number;
  /** For a connection to a NATS server, its TLS and its greeting included. */
  readonly natsConnectMs: number;
  /** For the NATS server to answer one request: of a stream, a key, an object, a consumer. */
  readonly natsRequestMs: number;
  /**
   * For the coordinator to say whether it has a blob. It fetches the blob meanwhile, and is asked
   * again.
   */
  readonly natsAskMs: number;
  /** For the NATS server to take a goodbye. */
  readonly natsLeaveMs: number;
}

export const defaultWaits: Waits = {
  connectMs: 15_000,
  greetingMs: 15_000,
  silentMs: 60_000,
  answerMs: 15_000,
  closeMs: 1000,
  natsConnectMs: 5000,
  natsRequestMs: 5000,
  natsAskMs: 10_000,
  natsLeaveMs: 1000,
};

/** Nothing came in time. Another try may succeed. */
export class SilenceError extends Error {
  override readonly name = 'TimeoutError';
  readonly code = 'ETIMEDOUT';

  /** @param who the peer and what it did not do: `host:8470 did not answer` */
  constructor(who: string, ms: number) {
    super(`${who} for ${ms / 1000} s`);
  }
}
