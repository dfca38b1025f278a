/** Explains errors of the NATS client library to the person who can fix them. */
import { JetStreamApiError } from '@nats-io/jetstream';
import {
  ConnectionError,
  PermissionViolationError,
  RequestError,
  TimeoutError,
} from '@nats-io/transport-node';
import { CommonweightError } from '../../base/error.js';
import { TransportError } from '../error.js';

export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

export const closedError = () => new TransportError('nats: the channel is closed');

export const withoutJetStream = (where: string) =>
  new TransportError(`nats: ${where} has no JetStream, which keeps the messages`, {
    hint: 'start nats-server with -js -sd FOLDER, or write jetstream into its configuration, and into the account',
  });

export function explain(cause: unknown, what: string): CommonweightError {
  if (cause instanceof CommonweightError) return cause;
  return new TransportError(`nats: ${what}: ${messageOf(cause)}`, {
    hint: 'docs/nats.md lists the permissions that coordinator and participants need',
    cause,
    transient: !isFinal(cause),
  });
}

/**
 * Whether the server refuses for good, or we do, such as without a token. Other errors (no answer,
 * no responder, 5xx) may go away.
 */
export function isFinal(error: unknown): boolean {
  if (error instanceof CommonweightError || error instanceof PermissionViolationError) return true;
  if (error instanceof RequestError) return error.cause instanceof PermissionViolationError;
  return error instanceof JetStreamApiError && error.status < 500;
}

const ABSENCES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** Whether no server is running, or not yet. A server that refuses us is running. */
export function isNobodyThere(error: unknown): boolean {
  const { code, cause } = error as NodeJS.ErrnoException;
  if (ABSENCES.has(code) || error instanceof TimeoutError) return true;
  // A connection that was closed without a reason is an error without a cause.
  return cause === undefined ? error instanceof ConnectionError : isNobodyThere(cause);
}
