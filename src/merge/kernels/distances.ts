/**
 * The squared distances between each two updates, as sums of (xᵢ − xⱼ)². They are not computed from
 * inner products: ‖xᵢ‖² − 2⟨xᵢ, xⱼ⟩ + ‖xⱼ‖² cancels if all updates have a large value in common.
 */

import type { Combination, SquaredDistances, Survey, ValueColumn } from '../strategy.js';
import { pairSurvey } from './pair-sums.js';
import { squareSumsBySimd } from './simd.js';

/** @param then receives the distances and returns how the columns are combined */
export function distanceSurvey(updates: number, then: (squares: SquaredDistances) => Combination): Survey {
  return pairSurvey(updates, squaredDistance, ({ all }) => then(all));
}

/** Four sums, so that no addition waits for the one before it. */
function squaredDistance(x: ValueColumn, y: ValueColumn): number {
  if (x === y) return 0;
  const sums = squareSumsBySimd(x, y);
  let [a = 0, b = 0, c = 0, d = 0] = sums ?? [];
  let i = sums === undefined ? 0 : x.length - (x.length % 4);
  for (; i + 3 < x.length; i += 4) {
    a += ((x[i] as number) - (y[i] as number)) ** 2;
    b += ((x[i + 1] as number) - (y[i + 1] as number)) ** 2;
    c += ((x[i + 2] as number) - (y[i + 2] as number)) ** 2;
    d += ((x[i + 3] as number) - (y[i + 3] as number)) ** 2;
  }
  for (; i < x.length; i++) a += ((x[i] as number) - (y[i] as number)) ** 2;
  return a + b + (c + d);
}
