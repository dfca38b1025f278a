import { norm } from '../kernels/gram.js';
import { weightedSum } from '../kernels/weighted-sum.js';
import type { GramStrategy } from '../strategy.js';

/**
 * Centred clipping, one step from the base v: v + (1/n) Σ (wₖ − v)·min(1, τ/‖wₖ − v‖). No update
 * moves the result by more than τ/n. It needs only norms: if participants clip their own updates, a
 * sum is enough.
 * @param tau τ, > 0: the largest norm of an update
 * @see Karimireddy et al. 2020, https://arxiv.org/abs/2012.10333, algorithm 2
 */
export function centredClipping({ tau }: { tau: number }): GramStrategy {
  return {
    name: 'centred-clipping',
    needs: 'gram',
    on: 'updates',
    prepare({ all }) {
      const factors = all.map((_, k) => Math.min(1, tau / norm(all, k)));
      return {
        propagatesNonFinite: true,
        combine: (out, columns) => weightedSum(out, columns, factors, columns.length),
      };
    },
  };
}
