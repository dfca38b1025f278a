import { streamedSum, weightedSum } from '../kernels/weighted-sum.js';
import type { PlacewiseStrategy } from '../strategy.js';

/**
 * Task arithmetic: w + λ Σ aₖ Δₖ with the updates Δₖ = wₖ − w and their shares of examples aₖ =
 * nₖ/Σn. With λ = 1 it is the mean; a larger λ extrapolates. (The paper adds task vectors without
 * shares: for n equal ones, λ here is n times the paper's.) Identical updates keep their value only
 * with λ = 1.
 * @param lambda λ
 * @see Ilharco et al. 2022, https://arxiv.org/abs/2212.04089
 */
export function taskArithmetic({ lambda }: { lambda: number }): PlacewiseStrategy {
  return {
    name: 'task-arithmetic',
    needs: 'sum',
    on: 'updates',
    propagatesNonFinite: true,
    combine(out, columns, examples) {
      weightedSum(out, columns, weightsOf(examples, lambda), total(examples));
    },
    summation: (examples) => streamedSum(weightsOf(examples, lambda), total(examples)),
  };
}

const total = (examples: readonly number[]) => examples.reduce((sum, count) => sum + count, 0);

const weightsOf = (examples: readonly number[], lambda: number) => examples.map((count) => lambda * count);
