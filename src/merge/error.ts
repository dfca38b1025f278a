import { CommonweightError } from '../base/error.js';

/** Updates or files that cannot be merged. */
export class MergeError extends CommonweightError {
  override readonly name = 'MergeError';
}
