/**
 * Losses over numbers: each gives the loss of every error ŷ − y, elementwise.
 */
import * as g from '../../graph/build.js';
import { abs } from '../../graph/compose.js';
import type { Value } from '../../graph/value.js';

export type NumberLoss = (errors: Value) => Value;

export const squaredError: NumberLoss = (errors) => g.mul(errors, errors);

/**
 * e²/2 up to |e| = δ, then δ·(|e| − δ/2): a large error counts in proportion to its size
 * (Huber 1964). Equal to δ·|e| − δ²/2 + max(δ − |e|, 0)²/2.
 */
export const huber =
  (delta: number): NumberLoss =>
  (errors) => {
    const size = abs(errors);
    const within = g.relu(g.sub(delta, size));
    return g.add(g.sub(g.mul(size, delta), (delta * delta) / 2), g.mul(g.mul(within, within), 0.5));
  };

/**
 * The pinball loss, whose minimum is the quantile τ: τ·(y − ŷ) where the prediction is too low,
 * (1 − τ)·(ŷ − y) where it is too high (Koenker and Bassett 1978).
 */
export const pinball =
  (quantile: number): NumberLoss =>
  (errors) =>
    g.add(g.mul(g.relu(g.neg(errors)), quantile), g.mul(g.relu(errors), 1 - quantile));
