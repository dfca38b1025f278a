import { CommonweightError } from '../../src/base/error.js';

/** A study, its results, or a document that cannot be taken as it is. */
export class StudyError extends CommonweightError {
  override readonly name = 'StudyError';
}
