import { CommonweightError } from '../../base/error.js';

/** A partition that cannot be made as asked. */
export class PartitionError extends CommonweightError {
  override readonly name = 'PartitionError';
}
