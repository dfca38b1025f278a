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
      const isKept = draws(tensor);
      const divisor = divisorOf(examples);
      for (let i = 0; i < out.length; i++) {
        let sum = 0;
        for (let k = 0; k < columns.length; k++) {
          const value = (columns[k] as ValueColumn)[i] as number;
          if (isKept(at + i, value)) sum += (examples[k] as number) * value;
        }
        out[i] = sum / divisor;
      }
    },
    summation: (examples) => ({
      sums: 1,
      add([sum], column, k, { tensor, at }) {
        const isKept = draws(tensor);
        for (let i = 0; i < column.length; i++) {
          const value = column[i] as number;
          if (!isKept(at + i, value)) continue;
          (sum as Float64Array)[i] = (sum?.[i] as number) + (examples[k] as number) * value;
        }
      },
      finish(out, [sum]) {
        const divisor = divisorOf(examples);
        for (let i = 0; i < out.length; i++) out[i] = (sum?.[i] as number) / divisor;
      },
    }),
  };

  function divisorOf(examples: readonly number[]): number {
    return (1 - p) * examples.reduce((sum, count) => sum + count, 0);
  }

  /** Whether a value is kept, by its place in a tensor; a 0 adds nothing. */
  function draws(tensor: string): (place: number, value: number) => boolean {
    const stream = randomStream(seed, 'dare', tensor);
    const [key0, key1] = [stream.uint32(), stream.uint32()];
    const float = new Float64Array(1);
    const bits = new Uint32Array(float.buffer);
    const drawn = new Uint32Array(4);
    return (place, value) => {
      if (value === 0) return false;
      float[0] = value;
      const upper = Math.floor(place / 2 ** 32);
      philox(drawn, place >>> 0, upper, bits[0] as number, bits[1] as number, key0, key1);
      return (drawn[0] as number) / 2 ** 32 >= p;
    };
  }
}
