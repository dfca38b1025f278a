/** Checks of a partitioner's settings. */
import { PartitionError } from './error.js';

/** @throws PartitionError unless the value is a finite number above 0. */
export function requirePositive(partitioner: string, setting: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) {
    throw new PartitionError(
      `partition: ${setting} of ${partitioner} is ${value}, expected a number above 0`,
    );
  }
}

/** @throws PartitionError unless the value is 1, 2, 3, …. */
export function requireWholeNumber(partitioner: string, setting: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new PartitionError(
      `partition: ${setting} of ${partitioner} is ${value}, expected a whole number from 1`,
    );
  }
}
