/**
 * A transform is one link of the chain that an update passes before it leaves its owner: an attack
 * in a simulation, or clipping. The chain comes after local training and before the codec.
 */
import type { StateLayout } from '../tensor/state-dict.js';

/**
 * @param update the state that is to leave, w_k; it is not changed in place
 * @param base the state that the round began with, w_t
 * @returns the state that leaves in its place, with the same layout
 */
export type Transform = (update: Float32Array, base: Float32Array, context: TransformContext) => Float32Array;

export interface TransformContext {
  readonly layout: StateLayout;
  readonly participant: string;
  readonly round: number;
}

/** The update after all transforms, one after the other. */
export const transformed = (
  transforms: readonly Transform[],
  update: Float32Array,
  base: Float32Array,
  context: TransformContext,
): Float32Array => transforms.reduce((state, transform) => transform(state, base, context), update);
