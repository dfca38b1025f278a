import { philox, randomStream } from '../../base/random.js';
import type { PlacewiseStrategy, ValueColumn } from '../strategy.js';

/**
 * DARE: drop and rescale. In each update, each value is dropped with probability p and otherwise
 * divided by 1 − p, which keeps the expectation. The updates are then averaged by their numbers of
 * examples:
 *     w + Σ nₖ (mₖ ⊙ Δₖ)/(1 − p) / Σ nₖ,   m ~ Bernoulli(1 − p).
 * Random numbers are counter-based: the counter is the place and the bits of the value. So neither
 * chunks nor the order of updates change anything, and updates and rounds draw independently.
 * (Updates with the same value in a place are kept or dropped together there. So identical updates
 * do not keep their value, except with p = 0.)
 * @param p from 0 below 1
 * @param seed of the random numbers
 * @see Yu et al. 2023, https://arxiv.org/abs/2311.03099
 */
export function dare({ p, seed }: { p: number; seed: number }): PlacewiseStrategy {
  return {
    name: 'dare',
    needs: 'sum',
    on: 'updates',
    combine(out, columns, examples, { tensor, at }) {
      const stream = randomStream(seed, 'dare', tensor);
      const [key0, key1] = [stream.uint32(), stream.uint32()];
      const divisor = (1 - p) * examples.reduce((sum, count) => sum + count, 0);
      const value = new Float64Array(1);
      const bits = new Uint32Array(value.buffer);
      const drawn = new Uint32Array(4);
      for (let i = 0; i < out.length; i++) {
        const place = at + i;
        let sum = 0;
        for (let k = 0; k < columns.length; k++) {
          value[0] = (columns[k] as ValueColumn)[i] as number;
          if (value[0] === 0) continue;
          const upper = Math.floor(place / 2 ** 32);
          philox(drawn, place >>> 0, upper, bits[0] as number, bits[1] as number, key0, key1);
          if ((drawn[0] as number) / 2 ** 32 >= p) sum += (examples[k] as number) * value[0];
        }
        out[i] = sum / divisor;
      }
    },
  };
}
