/**
 * Clipping bounds what one participant can change in a round. Its change Δ = w_k − w_t becomes
 *
 *     Δ · min(1, S / ‖Δ‖)
 *
 * with the L2 norm over all weights, in float64. Statistics and counters stay as they are: they
 * describe the data and the steps, and have another scale than weights.
 *
 * McMahan et al. 2018 ("flat clipping"), https://arxiv.org/abs/1710.06963. Theirs is followed by
 * noise; this alone is no promise of privacy.
 */
import { roleOf } from '../tensor/roles.js';
import type { StateLayout } from '../tensor/state-dict.js';
import type { Transform } from './transform.js';

/**
 * @param bound S, above 0
 * @param arrives how a codec changes a clipped update on its way; not at all by default. If it
 *   lengthens the change, the change is scaled down by as much.
 */
export function clip(bound: number, arrives: Transform = (update) => update): Transform {
  return (update, base, context) => {
    const { layout } = context;
    const norm = changeNorm(update, base, layout);
    const scale = norm > bound ? bound / norm : 1;
    const clipped = scale < 1 ? withChangeScaled(update, base, layout, scale) : update;
    const there = changeNorm(arrives(clipped, base, context), base, layout);
    if (there <= bound * (1 + ROOM)) return clipped;
    return withChangeScaled(update, base, layout, (scale * bound) / there);
  };
}

/** The part by which a codec may lengthen a change. */
const ROOM = 0.001;

/** w_t + scale · (w_k − w_t) for the weights; other tensors are the update's. */
function withChangeScaled(
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
export const clippedAtMost = (bound: number, size: number): number => bound * (1 + ROOM) + size * 2 ** -23;
