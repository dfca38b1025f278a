import { meanOfRange, medianOf, reduceSorted } from '../kernels/sorted-places.js';
import type { Column, DistanceStrategy, SquaredDistances } from '../strategy.js';
import { byKrumScore } from './krum.js';

/**
 * Bulyan: θ = n − 2f updates are chosen one after the other, each by Krum among those that are
 * left; then, in each place, the mean is taken of the θ − 2f values that are nearest to the median
 * of the θ. What Krum lets through because it is near in most places is caught in the place where
 * it is not.
 * @param f how many of the updates may be anything; n ≥ 4f + 3
 * @see El Mhamdi et al. 2018, https://arxiv.org/abs/1802.07927, section 4
 */
export function bulyan({ f }: { f: number }): DistanceStrategy {
  return {
    name: 'bulyan',
    needs: 'distances',
    takes: { least: 4 * f + 3, rule: 'n ≥ 4f + 3' },
    prepare(squares) {
      const chosen = chooseByKrum(squares, f, squares.length - 2 * f);
      const nearest = chosen.length - 2 * f;
      return {
        combine(out, columns) {
          const kept = chosen.map((k) => columns[k] as Column);
          reduceSorted(out, kept, (sorted) => meanNearMedian(sorted, nearest));
        },
      };
    },
  };
}

function chooseByKrum(squares: SquaredDistances, f: number, count: number): number[] {
  const chosen: number[] = [];
  let left = squares.map((_, k) => k);
  while (chosen.length < count) {
    const [best = 0] = byKrumScore(squares, left, f);
    chosen.push(best);
    left = left.filter((k) => k !== best);
  }
  return chosen.sort((i, j) => i - j);
}

/**
 * They lie side by side: whichever end is further from the median is left out, of two as far the
 * upper one.
 */
function meanNearMedian(sorted: Float64Array, count: number): number {
  const median = medianOf(sorted);
  let from = 0;
  let to = sorted.length;
  while (to - from > count) {
    if (median - (sorted[from] as number) > (sorted[to - 1] as number) - median) from++;
    else to--;
  }
  return meanOfRange(sorted, from, to);
}
