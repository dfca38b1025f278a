/**
 * The inner products of the updates: n² numbers for n updates, from which all norms and angles
 * follow.
 */

import type { Combination, Gram, Grams, Survey, ValueColumn } from '../strategy.js';
import { pairAt, pairSurvey } from './pair-sums.js';
import { productSumsBySimd } from './simd.js';

/** @param then receives the inner products and returns how the columns are combined */
export function gramSurvey(updates: number, then: (grams: Grams) => Combination): Survey {
  return pairSurvey(updates, innerProduct, then);
}

/** cos ∠(xᵢ, xⱼ); 0 if one of them is 0. */
export function cosineBetween(gram: Gram, i: number, j: number): number {
  // One root of the product instead of two roots: for equal vectors the product is a square, and
  // the cosine exactly 1.
  const norms = Math.sqrt(pairAt(gram, i, i) * pairAt(gram, j, j));
  return norms === 0 ? 0 : Math.max(-1, Math.min(1, pairAt(gram, i, j) / norms));
}

/** ‖xᵢ‖ */
export const norm = (gram: Gram, i: number): number => Math.sqrt(pairAt(gram, i, i));

/** Four sums, so that no addition waits for the one before it. */
function innerProduct(x: ValueColumn, y: ValueColumn): number {
  const sums = productSumsBySimd(x, y);
  let [a = 0, b = 0, c = 0, d = 0] = sums ?? [];
  let i = sums === undefined ? 0 : x.length - (x.length % 4);
  for (; i + 3 < x.length; i += 4) {
    a += (x[i] as number) * (y[i] as number);
    b += (x[i + 1] as number) * (y[i + 1] as number);
    c += (x[i + 2] as number) * (y[i + 2] as number);
    d += (x[i + 3] as number) * (y[i + 3] as number);
  }
  for (; i < x.length; i++) a += (x[i] as number) * (y[i] as number);
  return a + b + (c + d);
}
