import { CommonweightError, type ErrorDetails } from '../base/error.js';
import type { RefusalReason } from '../protocol/frames.js';

/** A channel cannot be opened, or what came through it is not what it should be. */
export class TransportError extends CommonweightError {}

/**
 * The coordinator does not have the blob, or not any more: a newer assignment may have taken the
 * place of the one that named it.
 */
export class NoBlobError extends TransportError {}

/** Another coordinator has taken over: this one may decide nothing any more. */
export class FencedError extends TransportError {
  constructor(message: string, options: ErrorDetails = {}) {
    super(message, { transient: true, ...options });
  }
}

/** The hub does not want this participant, and another try would not help. */
export class RefusedError extends TransportError {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string, hint: string | undefined) {
    super(message, hint === undefined ? {} : { hint });
    this.reason = reason;
  }
}
