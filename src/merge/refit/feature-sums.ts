/**
 * Fed3R (Fanì et al. 2024, https://arxiv.org/abs/2406.01116): computes from sums the last layer
 * that fits the data of all participants best in least squares. Φ_k [n_k, F] are the features of
 * participant k's examples; the last feature is always 1, for the bias. Y_k [n_k, classes] are its
 * labels as one-hot rows. A = Σ Φ_kᵀΦ_k and b = Σ Φ_kᵀY_k are sums over examples. W = (A + λI)⁻¹·b
 * is what the pooled data would give, however they are partitioned.
 */

import { requireArray } from '../../tensor/arrays.js';
import { type StateDict, stateLayout, tensorView } from '../../tensor/state-dict.js';
import { MergeError } from '../error.js';
import { factorize, rowStart, solveFactorized } from './cholesky.js';

export interface FeatureSums {
  /** The lower triangle of A, row by row: F(F+1)/2 numbers. */
  readonly gram: Float64Array;
  /** b [F, classes]. */
  readonly targets: Float64Array;
}

/** Sums over no examples. */
export const emptySums = (features: number, classes: number): FeatureSums => ({
  gram: new Float64Array(rowStart(features)),
  targets: new Float64Array(features * classes),
});

/**
 * Adds to `total` in place. Sums of floating-point numbers depend on their order, which the caller
 * must keep fixed.
 */
export function addSums(total: FeatureSums, { gram, targets }: FeatureSums): void {
  requireArray('merge: "gram" of the sums', gram, 'Float64Array', total.gram.length);
  requireArray('merge: "targets" of the sums', targets, 'Float64Array', total.targets.length);
  addTo(total.gram, gram);
  addTo(total.targets, targets);
}

function addTo(total: Float64Array, values: Float64Array): void {
  for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + (values[i] as number);
}

/**
 * Wᵀ = ((A + λI)⁻¹·b)ᵀ [classes, F].
 * @throws MergeError when A + λI is not positive definite to float64's precision.
 */
export function ridgeSolution(
  { gram, targets }: FeatureSums,
  features: number,
  lambda: number,
): Float64Array {
  requireArray('merge: "gram" of the sums', gram, 'Float64Array', rowStart(features));
  requireArray('merge: "targets" of the sums', targets, 'Float64Array');
  const classes = targets.length / features;
  if (!Number.isInteger(classes)) {
    throw new MergeError(
      `merge: "targets" of the sums has ${targets.length} numbers, expected a multiple of the ${features} features`,
    );
  }
  const factor = gram.slice();
  for (let i = 0; i < features; i++) factor[rowStart(i) + i] = (factor[rowStart(i) + i] as number) + lambda;
  if (!factorize(factor, features)) {
    throw new MergeError(`merge: the features' sums have no least-squares solution with lambda ${lambda}`, {
      hint: 'try a larger "refit.lambda"',
    });
  }
  const solution = new Float64Array(targets.length);
  for (let label = 0; label < classes; label++) {
    const column = solution.subarray(label * features, (label + 1) * features);
    for (let i = 0; i < features; i++) column[i] = targets[i * classes + label] as number;
    solveFactorized(factor, column);
  }
  return solution;
}

/**
 * The sums as a state dict. Its numbers are float32, so each sum is stored as two of them, which
 * hold 48 bits.
 */
export function packSums(sums: FeatureSums): StateDict {
  const parts = Object.entries(sums) as [keyof FeatureSums, Float64Array][];
  const layout = stateLayout(
    parts.flatMap(([name, { length }]) => [
      [`${name}.high`, [length]],
      [`${name}.low`, [length]],
    ]),
  );
  const data = new Float32Array(2 * parts.reduce((sum, [, { length }]) => sum + length, 0));
  const state = { layout, data };
  for (const [name, values] of parts) {
    const [high, low] = [tensorView(state, `${name}.high`), tensorView(state, `${name}.low`)];
    high.set(values);
    for (let i = 0; i < values.length; i++) low[i] = (values[i] as number) - (high[i] as number);
  }
  return state;
}

export function unpackSums(state: StateDict): FeatureSums {
  const read = (name: keyof FeatureSums) => {
    const low = tensorView(state, `${name}.low`);
    return Float64Array.from(tensorView(state, `${name}.high`), (high, i) => high + (low[i] as number));
  };
  return { gram: read('gram'), targets: read('targets') };
}
