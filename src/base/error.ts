import { redacted } from './redacted.js';
import { isTransient } from './transient.js';

export interface ErrorDetails {
  readonly hint?: string;
  readonly cause?: unknown;
  readonly transient?: boolean;
}

/**
 * Something that the user can fix: bad input, a file, a setting; or, where `transient`, something
 * that may pass by itself, such as a full disk or a server that is away. Every room has a small
 * class of its own that extends this one, so that a program can tell them apart; the command line
 * prints `message`, then `hint`, and exits with 2, or with 75 for what is transient. Anything else
 * that is thrown is our bug. What is said repeats no secret, whatever was typed.
 */
export class CommonweightError extends Error {
  override readonly name: string = 'CommonweightError';
  /** The next step to take, a sentence without a full stop. */
  readonly hint: string | undefined;
  /** Another try may go well without any change; by default, whether the cause is so. */
  readonly transient: boolean;

  constructor(message: string, options: ErrorDetails = {}) {
    super(redacted(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint === undefined ? undefined : redacted(options.hint);
    this.transient = options.transient ?? isTransient(options.cause);
  }
}

export class TensorError extends CommonweightError {
  override readonly name = 'TensorError';
}
