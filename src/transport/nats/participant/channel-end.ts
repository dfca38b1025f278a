/**
 * The end of a participant's channel: asked for, or because the connection was closed for good.
 * Node only.
 */
import { setMaxListeners } from 'node:events';
import type { NatsConnection } from '@nats-io/transport-node';
import type { TransportError } from '../../error.js';
import { closedError, explain } from '../explain.js';

export interface ChannelEnd {
  /** Aborted with the channel; its reason says why. */
  readonly signal: AbortSignal;
  /** Why the connection was closed, where nobody asked for it. */
  failure(): TransportError | undefined;
  end(): void;
  /** @throws why the channel has ended, where that is before `work` is done */
  unlessOver<Result>(work: Promise<Result>): Promise<Result>;
}

export function channelEnd(connection: NatsConnection): ChannelEnd {
  const closing = new AbortController();
  const { signal } = closing;
  // As many as there are keys to watch, and questions under way: more than ten, and no leak.
  setMaxListeners(50, signal);
  let failure: TransportError | undefined;
  const closed = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  closed.catch(() => undefined);
  void connection.closed().then((error) => {
    // Such as credentials that were revoked: there is no use in connecting again.
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
