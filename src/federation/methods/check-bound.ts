/** Whether what leaves an owner is within its bound, before it leaves. */
import type { StateDict } from '../../tensor/state-dict.js';
import { DivergedError } from '../../training/error.js';
import type { Bound } from './method.js';

/**
 * @param what whose values they are, such as `the Fisher information of "site-b" in round 3`
 * @throws DivergedError that names the first value that is not within the bound
 */
export function checkBound({ layout, data }: StateDict, { least, most }: Bound, what: string): void {
  for (const { name, offset, size } of layout) {
    const values = data.subarray(offset, offset + size);
    const bad = values.findIndex((value) => !(value >= least && value <= most));
    if (bad < 0) continue;
    throw new DivergedError(
      `federation: ${what} is ${values[bad]} for "${name}" at index ${bad}, expected a number from ${least} to ${most}`,
      { hint: 'try a smaller learning rate, a schedule with a warm-up, or "clipNorm"' },
    );
  }
}
