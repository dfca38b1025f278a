/**
 * A server that is restarted, or elects another leader, fails what is asked of it meanwhile: asking again is the answer,
 * until it works or the channel is closed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { JetStreamApiError } from '@nats-io/jetstream';
import { type NatsConnection, PermissionViolationError, RequestError } from '@nats-io/transport-node';
import { TransportError } from '../error.js';
import { explain } from './connection.js';

const PAUSE_MS = 250;

export const closedError = () => new TransportError('nats: the channel is closed');

/** @throws TransportError when the channel is closed, or trying again would not help */
export async function untilDone<Result>(
  what: string,
  act: () => Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  for (;;) {
    if (signal.aborted) throw closedError();
    try {
      return await act();
    } catch (error) {
      if (signal.aborted) throw closedError();
      if (isFinal(error)) throw explain(error, what);
      await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** What the server refuses for good. Everything else (no answer, no responder, 5xx) is a matter of time. */
function isFinal(error: unknown): boolean {
  if (error instanceof TransportError || error instanceof PermissionViolationError) return true;
  if (error instanceof RequestError) return error.cause instanceof PermissionViolationError;
  return error instanceof JetStreamApiError && error.status < 500;
}

/** Calls back after every reconnection, until the connection is closed. */
export async function onReconnect(connection: NatsConnection, act: () => void, signal: AbortSignal) {
  for await (const { type } of connection.status()) {
    if (signal.aborted) return;
    if (type === 'reconnect') act();
  }
}
