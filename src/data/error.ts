import { CommonweightError } from '../base/error.js';

/** A data set that is missing, damaged, or not as described. */
export class DataError extends CommonweightError {
  override readonly name = 'DataError';
}

/** Data that are not where they are said to be. */
export class MissingDataError extends DataError {}
