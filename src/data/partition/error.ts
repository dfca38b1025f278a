import { CommonweightError } from '../../base/error.js';

/** A partition that cannot be made as requested. */
export class PartitionError extends CommonweightError {
  override readonly name = 'PartitionError';
}
