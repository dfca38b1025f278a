import { meanOfRange, medianOf, reduceSorted } from '../kernels/sorted-places.js';
import type { DistanceStrategy, SquaredDistances, ValueColumn } from '../strategy.js';
import { byKrumScore } from './krum.js';

/**
 * Bulyan: chooses θ = n − 2f updates one after the other, each by Krum among the remaining ones.
 * Then, in each place, takes the mean of the θ − 2f values that are nearest to the median of the θ
 * values. An update can be close in most places and far off in a few: Krum accepts it, and the
 * second step leaves out those few values.
 * @param f the number of updates that may be arbitrary; n ≥ 4f + 3
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
          const kept = chosen.map((k) => columns[k] as ValueColumn);
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
 * The kept values lie side by side. The end that is further from the median is left out; if both
 * are as far, the upper one.
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
