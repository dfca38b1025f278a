/**
 * Server optimization: the merge of a round becomes one step of an optimizer (Reddi et al. 2021,
 * "Adaptive federated optimization", https://arxiv.org/abs/2003.00295, Algorithm 2). The
 * pseudo-gradient, taken negative, is D = merged − w_t under every strategy. The optimizer turns it
 * into a direction d, and w_{t+1} = w_t + η·d.
 */

import { requireArray } from '../../tensor/arrays.js';
import { MergeError } from '../error.js';
import { firstNotFinite } from '../kernels/block.js';

/** A vector of the state's size that is kept from round to round. */
export interface ServerSlot {
  /** The paper's symbol. */
  readonly name: string;
  /** The value in every place before the first step. */
  readonly initial: number;
}

export interface ServerOptimizer {
  readonly name: string;
  readonly slots: readonly ServerSlot[];
  /**
   * The rule for one place, in float64.
   * @param pseudoGradient D in this place
   * @param slots the values of all slots in this place; they are replaced by those after the step
   * @returns the direction d in this place
   */
  readonly update: (pseudoGradient: number, slots: Float64Array) => number;
}

export interface ServerStep {
  /** w_{t+1}. */
  readonly state: Float32Array;
  /** In the order of the optimizer's slots. */
  readonly slots: readonly Float32Array[];
}

/** The slots before the first step, for a state of this size. */
export function initialSlots(optimizer: ServerOptimizer, size: number): readonly Float32Array[] {
  return optimizer.slots.map(({ initial }) => new Float32Array(size).fill(initial));
}

/**
 * (w_t, merged, slots) → (w_{t+1}, slots), in float64, rounded once. The arguments are not changed.
 * @param w w_t: the state that the updates started from
 * @param merged has the same size
 * @throws MergeError when a value of w_{t+1} or of a slot is beyond float32.
 */
export function serverStep(
  optimizer: ServerOptimizer,
  w: Float32Array,
  merged: Float32Array,
  slots: readonly Float32Array[],
  learningRate: number,
): ServerStep {
  requireArray('merge: the state before the server’s step', w, 'Float32Array');
  requireArray('merge: the merged state', merged, 'Float32Array', w.length);
  if (slots.length !== optimizer.slots.length) {
    throw new MergeError(
      `merge: ${slots.length} slots are given to ${optimizer.name}, expected ${optimizer.slots.length}`,
      { hint: 'begin with those of initialSlots' },
    );
  }
  optimizer.slots.forEach(({ name }, k) => {
    requireArray(`merge: the slot "${name}"`, slots[k], 'Float32Array', w.length);
  });
  const state = new Float32Array(w.length);
  const nextSlots = slots.map(() => new Float32Array(w.length));
  const place = new Float64Array(slots.length);
  for (let i = 0; i < w.length; i++) {
    for (let k = 0; k < place.length; k++) place[k] = (slots[k] as Float32Array)[i] as number;
    const target = merged[i] as number;
    const pseudoGradient = target - (w[i] as number);
    // w + η·d, computed from the merged value: if η·d = D that value is kept to the bit, while w +
    // D might round it away.
    const short = pseudoGradient - learningRate * optimizer.update(pseudoGradient, place);
    state[i] = short === 0 ? target : target - short;
    for (let k = 0; k < place.length; k++) (nextSlots[k] as Float32Array)[i] = place[k] as number;
  }
  for (const vector of [state, ...nextSlots]) {
    const bad = firstNotFinite(vector);
    if (bad < 0) continue;
    throw new MergeError(
      `merge: value ${bad} of the model after ${optimizer.name} is ${vector[bad]}, expected a finite float32`,
      { hint: 'try a smaller learning rate of the server' },
    );
  }
  return { state, slots: nextSlots };
}
