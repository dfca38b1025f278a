/**
 * The solution of a refit, mixed with the trained layer (WiSE-FT, Wortsman et al. 2022,
 * https://arxiv.org/abs/2109.01903, for the last layer only).
 */
import { type StateDict, stateLayout, tensorView } from '../../tensor/state-dict.js';

/** (1 − α) of the trained layer plus α · scale of the solution. */
export interface Mix {
  readonly scale: number;
  readonly alpha: number;
}

/**
 * Least-squares scores are too flat for logits, so they are scaled. A power of two changes no
 * prediction.
 */
export const scaleMixes: readonly Mix[] = [1, 2, 4, 8, 16, 32, 64].map((scale) => ({ scale, alpha: 1 }));
export const alphaMixes = (scale: number): readonly Mix[] =>
  [0, 0.25, 0.5, 0.75, 1].map((alpha) => ({ scale, alpha }));

/** The first of the mixes with the least loss, summed over the participants in their order. */
export function leastLoss(mixes: readonly Mix[], losses: readonly (readonly number[])[]): Mix {
  const sums = mixes.map((_, k) => losses.reduce((sum, own) => sum + (own[k] as number), 0));
  return mixes[Math.max(sums.indexOf(Math.min(...sums)), 0)] as Mix;
}

/** Where the last layer lies in a state. */
export interface LastLayerOffsets {
  readonly weight: { readonly offset: number };
  readonly bias: { readonly offset: number };
  readonly features: number;
  readonly classes: number;
}

/** @param solution [classes, features + 1], the bias last */
export function withLastLayer(
  base: StateDict,
  { weight, bias, features, classes }: LastLayerOffsets,
  solution: Float64Array,
  { scale, alpha }: Mix,
): StateDict {
  const data = base.data.slice();
  const put = (at: number, fitted: number) => {
    data[at] = (1 - alpha) * (data[at] as number) + alpha * scale * fitted;
  };
  for (let label = 0; label < classes; label++) {
    const row = solution.subarray(label * (features + 1), (label + 1) * (features + 1));
    for (let i = 0; i < features; i++) put(weight.offset + label * features + i, row[i] as number);
    put(bias.offset + label, row[features] as number);
  }
  return { layout: base.layout, data };
}

/** Each float64 is stored exactly as the sum of three float32: 3 · 24 bits hold its 53. */
const PARTS = ['high', 'middle', 'low'] as const;

export const solutionLayout = ({ features, classes }: LastLayerOffsets) =>
  stateLayout(PARTS.map((part) => [part, [classes * (features + 1)]]));

export function packSolution(layer: LastLayerOffsets, solution: Float64Array): StateDict {
  const layout = solutionLayout(layer);
  const state = { layout, data: new Float32Array(PARTS.length * solution.length) };
  const rest = solution.slice();
  for (const part of PARTS) {
    tensorView(state, part).forEach((_, i, values) => {
      values[i] = rest[i] as number;
      rest[i] = (rest[i] as number) - (values[i] as number);
    });
  }
  return state;
}

export function unpackSolution(state: StateDict): Float64Array {
  const [high, middle, low] = PARTS.map((part) => tensorView(state, part)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  return Float64Array.from(high, (value, i) => (low[i] as number) + (middle[i] as number) + value);
}
