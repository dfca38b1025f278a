import { CommonweightError, type ErrorDetails } from '../base/error.js';
import type { RefusalReason } from '../protocol/frames.js';

/** A channel cannot be opened, or something that came through it is not valid. */
export class TransportError extends CommonweightError {}

/**
 * The coordinator does not have the blob, or no longer has it: a newer assignment may have replaced
 * the one that named it.
 */
export class NoBlobError extends TransportError {}

/** Another coordinator has taken over, so this one may decide nothing more. */
export class FencedError extends TransportError {
  constructor(message: string, options: ErrorDetails = {}) {
    super(message, { transient: true, ...options });
  }
}

/** The hub refuses this participant, and another try would not help. */
export class RefusedError extends TransportError {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string, hint: string | undefined) {
    super(message, hint === undefined ? {} : { hint });
    this.reason = reason;
  }
}
