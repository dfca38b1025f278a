/**
 * The constants that prepare the numbers of tables, from sums over the training rows of all sites:
 * how many values there are, their sum, and the sum of their squares.
 */
import type { Dataset } from '../data/dataset.js';
import { MISSING_NUMBER } from '../data/features.js';
import { isPaged } from '../data/paged-values.js';
import type { Constants } from '../engine/nn/layers/constants.js';
import { preprocessConstants } from '../engine/nn/layers/preprocess-constants.js';

interface NumberSums {
  count: number;
  sum: number;
  squares: number;
}

/** Mean and deviation over all sites; a missing number becomes the mean. */
export function trainingConstants(sites: readonly Dataset[]): Constants {
  const totals: NumberSums[] = [];
  for (const site of sites) {
    const column = site.inputs.find(({ meaning, dtype }) => meaning.kind === 'features' && dtype === 'f32');
    if (column === undefined || isPaged(column.values)) continue;
    const [numbers = 0] = column.shape;
    for (const [at, value] of column.values.entries()) {
      totals[at % numbers] ??= { count: 0, sum: 0, squares: 0 };
      if (value === MISSING_NUMBER) continue;
      const total = totals[at % numbers] as NumberSums;
      total.count++;
      total.sum += value;
      total.squares += value * value;
    }
  }
  return preprocessConstants(
    totals.map(({ count, sum, squares }) => {
      if (count === 0) return {};
      const mean = sum / count;
      return { mean, deviation: Math.sqrt(Math.max(0, squares / count - mean ** 2)) };
    }),
  );
}
