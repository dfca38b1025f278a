import { streamedSum, weightedSum } from '../kernels/weighted-sum.js';
import type { PlacewiseStrategy, ValueColumn } from '../strategy.js';

/**
 * FedAvg: the mean of the updates, weighted by their numbers of examples, or equally.
 * merged[k] = Σ nᵢ·wᵢ[k] / Σ nᵢ, accumulated in float64; every tensor keeps its shape. The division
 * comes last: the sum of float32 values is mostly exact, so even ties are rounded correctly, which
 * rounded weights would prevent.
 * @see McMahan et al. 2017, https://arxiv.org/abs/1602.05629
 */
export function mean({ by = 'examples' }: { by?: 'examples' | 'equal' } = {}) {
  return {
    name: by === 'equal' ? 'mean-equal' : 'mean',
    needs: 'sum',
    propagatesNonFinite: true,
    combine(out: ValueColumn, columns: readonly ValueColumn[], examples: readonly number[]) {
      if (columns.length === 1) {
        out.set(columns[0] as ValueColumn);
        return;
      }
      const { weights, divisor } = weighted(examples, by);
      weightedSum(out, columns, weights, divisor);
    },
    summation(examples: readonly number[]) {
      const { weights, divisor } = weighted(examples, by);
      return streamedSum(weights, divisor);
    },
  } satisfies PlacewiseStrategy;
}

function weighted(examples: readonly number[], by: 'examples' | 'equal') {
  const counts = by === 'equal' || examples.length === 1 ? examples.map(() => 1) : examples;
  const total = counts.reduce((sum, count) => sum + count, 0);
  // A power of two divides the weights without rounding, which saves a pass over the values.
  const exact = Number.isInteger(Math.log2(total));
  return { weights: exact ? counts.map((count) => count / total) : counts, divisor: exact ? 1 : total };
}
