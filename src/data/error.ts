import { CommonweightError } from '../tensor/error.js';

/** A data set that is missing, damaged, or not what it was said to be. */
export class DataError extends CommonweightError {
  override readonly name = 'DataError';
}
