import { medianOf, reduceSorted } from '../kernels/sorted-places.js';
import type { PlacewiseStrategy } from '../strategy.js';

/**
 * The median of the updates' values in each place; for an even number, the mean of the two middle
 * values. Any minority of the updates may be arbitrary. The median of two updates is their mean.
 * @see Yin et al. 2018, https://arxiv.org/abs/1803.01498, definition 1
 */
export function median(): PlacewiseStrategy {
  return {
    name: 'median',
    needs: 'columns',
    combine: (out, columns) => reduceSorted(out, columns, medianOf),
  };
}
