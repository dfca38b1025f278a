import { partDown } from '../../base/part-of.js';
import { meanOfRange, reduceSorted } from '../kernels/sorted-places.js';
import type { PlacewiseStrategy } from '../strategy.js';

/**
 * The mean, in each place, without the ⌊trim·n⌋ smallest and the ⌊trim·n⌋ largest of the n values.
 * It withstands as many arbitrary updates as it leaves out at each end.
 * @param trim from 0 below 0.5
 * @see Yin et al. 2018, https://arxiv.org/abs/1803.01498, definition 2 (where trim is β)
 */
export function trimmedMean({ trim }: { trim: number }): PlacewiseStrategy {
  return {
    name: 'trimmed-mean',
    needs: 'columns',
    ...(trim > 0 && { takes: { least: fewestTrimmed(trim), rule: `⌊${trim}·n⌋ ≥ 1` } }),
    combine(out, columns) {
      // Always less than half, however near to it the fraction is.
      const left = Math.min(partDown(trim, columns.length), (columns.length - 1) >> 1);
      reduceSorted(out, columns, (sorted) => meanOfRange(sorted, left, columns.length - left));
    },
  };
}

/** The fewest values of which one is left out at each end. With fewer it is the plain mean. */
function fewestTrimmed(trim: number): number {
  const about = Math.ceil(1 / trim);
  return [about - 1, about, about + 1].find((n) => partDown(trim, n) >= 1) ?? about + 1;
}
