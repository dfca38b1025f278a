/**
 * A mistake that the user can mend: bad input, a file, a setting. Every room has a small class of its own that extends
 * this one, so that a program can tell them apart; the command line prints `message`, then `hint`, and exits with 2.
 * Anything else that is thrown is our bug.
 */
export class CommonweightError extends Error {
  override readonly name: string = 'CommonweightError';
  /** The next step to take, a sentence without a full stop. */
  readonly hint: string | undefined;

  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint;
  }
}

export class TensorError extends CommonweightError {
  override readonly name = 'TensorError';
}
