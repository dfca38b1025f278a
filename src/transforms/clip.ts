/**
 * Clipping bounds what one participant can change in a round. Its change Δ = w_k − w_t becomes
 *
 *     Δ · min(1, S / ‖Δ‖)
 *
 * with the L2 norm over all weights, in float64. Statistics and counters are left as they are: they
 * are of the data and the steps, and have no scale in common with weights.
 *
 * McMahan et al. 2018 ("flat clipping"), https://arxiv.org/abs/1710.06963. Theirs is followed by
 * noise; this alone is no promise of privacy.
 */
import { roleOf } from '../tensor/roles.js';
import type { StateLayout } from '../tensor/state-dict.js';
import type { Transform } from './transform.js';

/** @param bound S, above 0 */
export function clip(bound: number): Transform {
  return (update, base, { layout }) => {
    const norm = changeNorm(update, base, layout);
    return norm > bound ? withChangeScaled(update, base, layout, bound / norm) : update;
  };
}

/** w_t + scale · (w_k − w_t) for the weights; all else is the update's. */
export function withChangeScaled(
  update: Float32Array,
  base: Float32Array,
  layout: StateLayout,
  scale: number,
): Float32Array<ArrayBuffer> {
  const scaled = update.slice();
  for (const { name, offset, size } of layout) {
    if (roleOf(name) !== 'weight') continue;
    for (let i = offset; i < offset + size; i++) {
      const began = base[i] as number;
      scaled[i] = began + scale * ((update[i] as number) - began);
    }
  }
  return scaled;
}

/** The L2 norm of the change of the weights. */
export function changeNorm(update: Float32Array, base: Float32Array, layout: StateLayout): number {
  let squares = 0;
  for (const { name, offset, size } of layout) {
    if (roleOf(name) !== 'weight') continue;
    for (let i = offset; i < offset + size; i++) {
      const change = (update[i] as number) - (base[i] as number);
      squares += change * change;
    }
  }
  return Math.sqrt(squares);
}

/**
 * The largest norm that a clipped change can have when it arrives. A weight is rounded to float32,
 * by at most 2⁻²⁴ of its size, which for a large model can be more than a small bound. A codec may
 * add a thousandth.
 * @param size the L2 norm of the weights that the round began with
 */
export const clippedAtMost = (bound: number, size: number): number => bound * 1.001 + size * 2 ** -23;
