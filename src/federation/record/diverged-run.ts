import { DivergedError } from '../../training/error.js';
import type { RunResult } from './run-result.js';

/** A run ended because a participant diverged. */
export class DivergedRunError extends DivergedError {
  /** The result until then. */
  readonly result: RunResult;

  constructor(
    message: string,
    { result, ...options }: { hint?: string; cause?: unknown; result: RunResult },
  ) {
    super(message, options);
    this.result = result;
  }
}
