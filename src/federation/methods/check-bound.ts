/** Checks that what is about to leave its owner is within its bound. */
import type { StateDict } from '../../tensor/state-dict.js';
import { DivergedError } from '../../training/error.js';
import type { Bound } from './method.js';

/**
 * @param what the name of the values in the error: `the Fisher information of "site-b" in round 3`
 * @throws DivergedError that names the first value beyond the bound
 */
export function checkBound({ layout, data }: StateDict, bound: Bound, what: string): void {
  for (const { name, offset, size } of layout) {
    const values = data.subarray(offset, offset + size);
    const beyond = firstBeyondBound(values, bound);
    if (beyond === undefined) continue;
    const { index, expected } = beyond;
    throw new DivergedError(
      `federation: ${what} is ${values[index]} for "${name}" at index ${index}, expected ${expected}`,
      { hint: 'try a smaller learning rate, a schedule with a warm-up, or "clipNorm"' },
    );
  }
}

/** The place of the first value beyond the bound, or NaN, and what is expected instead. */
export function firstBeyondBound(
  values: Float32Array,
  { least, most }: Bound,
): { readonly index: number; readonly expected: string } | undefined {
  const index = values.findIndex((value) => !(value >= least && value <= most));
  return index < 0 ? undefined : { index, expected: `a number from ${least} to ${most}` };
}
