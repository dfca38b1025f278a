import { cosineBetween } from '../kernels/gram.js';
import { weightedSum } from '../kernels/weighted-sum.js';
import type { Gram, GramStrategy } from '../strategy.js';

/**
 * Model Stock: each tensor lies between the base and the equal mean of the n updates, nearer to the
 * base if the updates agree less. With the mean cosine of the angles between two updates of the
 * tensor,
 *     t = n·cos θ / (1 + (n − 1)·cos θ),   w + t·(mean of the Δₖ),
 * where cos θ below 0 counts as 0. A single update stays as it is.
 * @see Jang et al. 2024, https://arxiv.org/abs/2403.19522, equation 4
 */
export function modelStock(): GramStrategy {
  return {
    name: 'model-stock',
    needs: 'gram',
    on: 'updates',
    prepare({ byTensor }) {
      const ratios = new Map([...byTensor].map(([tensor, gram]) => [tensor, ratioOf(gram)]));
      return {
        propagatesNonFinite: true,
        combine(out, columns, _, { tensor }) {
          const weight = ratios.get(tensor) as number;
          const weights = columns.map(() => weight);
          weightedSum(out, columns, weights, columns.length);
        },
      };
    },
  };
}

function ratioOf(gram: Gram): number {
  const n = gram.length;
  if (n === 1) return 1;
  let sum = 0;
  for (let i = 1; i < n; i++) for (let j = 0; j < i; j++) sum += cosineBetween(gram, i, j);
  const cos = Math.max(0, sum / ((n * (n - 1)) / 2));
  return (n * cos) / (1 + (n - 1) * cos);
}
