import { CommonweightError } from '../src/base/error.js';

/** A measurement that cannot be made as it is asked for. */
export class BenchError extends CommonweightError {
  override readonly name = 'BenchError';
}
