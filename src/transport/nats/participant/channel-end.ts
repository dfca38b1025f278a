/**
 * How a participant's channel ends: by `close`, or because the connection was closed for good. Node
 * only.
 */
import { setMaxListeners } from 'node:events';
import type { NatsConnection } from '@nats-io/transport-node';
import type { CommonweightError } from '../../../base/error.js';
import { closedError, explain } from '../explain.js';

export interface ChannelEnd {
  /** Aborted when the channel ends; its reason says why. */
  readonly signal: AbortSignal;
  /** The error, if the connection was closed for good. */
  failure(): CommonweightError | undefined;
  end(): void;
  /** @throws the reason of the channel's end, if it comes before `work` is done */
  unlessOver<Result>(work: Promise<Result>): Promise<Result>;
}

export function channelEnd(connection: NatsConnection): ChannelEnd {
  const closing = new AbortController();
  const { signal } = closing;
  // More than ten listeners are no leak here: one for each watched key and pending request.
  setMaxListeners(50, signal);
  let failure: CommonweightError | undefined;
  const closed = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  closed.catch(() => undefined);
  void connection.closed().then((error) => {
    // For example revoked credentials: connecting again would not help.
    if (error instanceof Error && !signal.aborted) failure = explain(error, 'the connection was closed');
    closing.abort(failure ?? closedError());
  });
  return {
    signal,
    failure: () => failure,
    end: () => closing.abort(closedError()),
    unlessOver: (work) => Promise.race([work, closed]),
  };
}
