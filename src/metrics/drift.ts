/**
 * Measures drift: how far the participants moved from the model they started a round with, and
 * whether in the same direction. It has the norms of Δ_k = w_k − w, and the cosine of each pair.
 * Under label skew local models drift apart, and their mean represents none of them.
 * @see Zhao et al. 2018 (weight divergence), https://arxiv.org/abs/1806.00582
 */
import type { TakeTurn } from '../base/turns.js';

export interface Drift {
  /** [participants]: ‖Δ_k‖. */
  norms: number[];
  /**
   * [participants, participants]: Δ_i·Δ_j / ‖Δ_i‖‖Δ_j‖; 0 if one of them did not move. Missing if
   * there are too many pairs.
   */
  cosines?: number[][];
}

/**
 * Accumulated in float64 and given to 7 digits, so that a record of it is short.
 * @param columns the values of all participants' states, piece by piece: after the training, and
 *   what each of them began with
 * @param takeTurn lets others of the thread go on: with many participants there are many pairs
 */
export async function driftOf(
  columns: AsyncIterable<{
    readonly states: readonly Float32Array[];
    readonly bases: readonly Float32Array[];
  }>,
  takeTurn: TakeTurn,
): Promise<Required<Drift>> {
  /** [participants, participants], the lower triangle: Δ_i·Δ_j. */
  const products: Float64Array[] = [];
  for await (const { states, bases } of columns) {
    const steps = states.map((state, k) => differenceOf(state, bases[k] ?? state));
    await takeTurn();
    for (const [i, a] of steps.entries()) {
      const row = products[i] ?? new Float64Array(i + 1);
      products[i] = row;
      for (let j = 0; j <= i; j++) {
        row[j] = dot(a, steps[j] ?? a, row[j] ?? 0);
        await takeTurn();
      }
    }
  }
  const norms = products.map((row, i) => Math.sqrt(row[i] ?? 0));
  const cosine = (i: number, j: number) => {
    if (i === j) return 1;
    const length = (norms[i] ?? 0) * (norms[j] ?? 0);
    return length === 0 ? 0 : short((products[Math.max(i, j)]?.[Math.min(i, j)] ?? 0) / length);
  };
  return { norms: norms.map(short), cosines: norms.map((_, i) => norms.map((_, j) => cosine(i, j))) };
}

/** What the drift of so many participants takes, in multiplications. */
export const productsOfDrift = (participants: number, size: number) =>
  ((participants * (participants + 1)) / 2) * size;

function differenceOf(update: Float32Array, base: Float32Array): Float32Array {
  return update.map((value, i) => value - (base[i] ?? 0));
}

/** Goes on with a sum, so that the cuts between pieces change nothing. */
function dot(a: Float32Array, b: Float32Array, begun: number): number {
  let sum = begun;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

const short = (value: number) => Number(value.toPrecision(7));
