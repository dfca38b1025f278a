import { CommonweightError } from '../../base/error.js';

/** A flag or an argument that cannot be used as it is. */
export class UsageError extends CommonweightError {
  override readonly name = 'UsageError';
}

/** The user ended the command. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}
