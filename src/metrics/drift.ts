/**
 * Measures drift: how far the participants went from the model they began a round with, and whether
 * in one direction. It has norms of Δ_k = w_k − w, and the cosine of every pair. Under label skew
 * local models drift apart, and their mean represents none of them.
 * @see Zhao et al. 2018 (weight divergence), https://arxiv.org/abs/1806.00582
 */
import type { TakeTurn } from '../base/turns.js';

export interface Drift {
  /** [participants]: ‖Δ_k‖. */
  norms: number[];
  /** [participants, participants]: Δ_i·Δ_j / ‖Δ_i‖‖Δ_j‖; 0 where one of them did not move. */
  cosines: number[][];
}

/**
 * Accumulated in float64 and given to 7 digits, so that a record of it is short.
 * @param updates [participants] flat states after the training
 * @param bases [participants] what each of them began with
 * @param takeTurn lets others of the thread go on: with many participants there are many pairs
 */
export async function driftOf(
  updates: readonly Float32Array[],
  bases: readonly Float32Array[],
  takeTurn: TakeTurn,
): Promise<Drift> {
  const steps: Float32Array[] = [];
  for (const [k, update] of updates.entries()) {
    steps.push(differenceOf(update, bases[k] ?? update));
    await takeTurn();
  }
  const norms = steps.map((step) => Math.sqrt(dot(step, step)));
  const cosines = steps.map(() => new Array<number>(steps.length).fill(1));
  for (const [i, a] of steps.entries()) {
    for (let j = 0; j < i; j++) {
      const product = (norms[i] ?? 0) * (norms[j] ?? 0);
      const cosine = product === 0 ? 0 : short(dot(a, steps[j] ?? a) / product);
      (cosines[i] ?? [])[j] = cosine;
      (cosines[j] ?? [])[i] = cosine;
      await takeTurn();
    }
  }
  return { norms: norms.map(short), cosines };
}

function differenceOf(update: Float32Array, base: Float32Array): Float32Array {
  return update.map((value, i) => value - (base[i] ?? 0));
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

const short = (value: number) => Number(value.toPrecision(7));
