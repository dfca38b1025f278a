/**
 * A transform is a link of the chain that an update passes before it leaves its owner: what an
 * attacker makes of it in a simulation, and clipping. The chain comes after local training and
 * before the codec.
 */
import type { StateLayout } from '../tensor/state-dict.js';

/**
 * @param update the state that is to leave, w_k; it is not changed in place
 * @param base the state that the round began with, w_t
 * @returns the state that leaves in its stead, laid out alike
 */
export type Transform = (update: Float32Array, base: Float32Array, context: TransformContext) => Float32Array;

export interface TransformContext {
  readonly layout: StateLayout;
  readonly participant: string;
  readonly round: number;
}

/** What the update is after all of them, one after the other. */
export const transformed = (
  transforms: readonly Transform[],
  update: Float32Array,
  base: Float32Array,
  context: TransformContext,
): Float32Array => transforms.reduce((state, transform) => transform(state, base, context), update);
