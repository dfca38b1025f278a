import { redacted } from './redacted.js';
import { isTransient } from './transient.js';

export interface ErrorDetails {
  readonly hint?: string;
  readonly cause?: unknown;
  readonly transient?: boolean;
}

/**
 * An error that the user can fix: bad input, a file, a setting. If `transient`, it may pass by
 * itself, such as a full disk or a server that is away. Each room has a small error that extends
 * this one, so that a program can distinguish them. The command line prints `message`, then `hint`,
 * and exits with 2, or with 75 if transient. Any other error is a bug in Commonweight. Secrets in
 * the message are removed.
 */
export class CommonweightError extends Error {
  override readonly name: string = 'CommonweightError';
  /** The next step to take, a sentence without a full stop. */
  readonly hint: string | undefined;
  /** Whether another try may succeed without any change; by default, that of the cause. */
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
