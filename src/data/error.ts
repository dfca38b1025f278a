import { CommonweightError } from '../base/error.js';

/** A data set that is missing, damaged, or not what it was said to be. */
export class DataError extends CommonweightError {
  override readonly name = 'DataError';
}
