import { weightedSum } from '../kernels/weighted-sum.js';
import type { PlacewiseStrategy } from '../strategy.js';

/**
 * Task arithmetic: w + λ Σ aₖ Δₖ with the updates Δₖ = wₖ − w and their shares of examples aₖ =
 * nₖ/Σn. With λ = 1 it is the mean; beyond it extrapolates. (The paper adds task vectors without
 * shares: of n equal ones, λ here is n times its λ.) Identical updates stay what they are with λ =
 * 1 only.
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
      const total = examples.reduce((sum, count) => sum + count, 0);
      const weights = examples.map((count) => lambda * count);
      weightedSum(out, columns, weights, total);
    },
  };
}
