import { cosineBetween } from '../kernels/gram.js';
import { weightedSum } from '../kernels/weighted-sum.js';
import type { GramStrategy } from '../strategy.js';

/**
 * Beyond this
 * cos Ω
 *  the arc is almost a line, and sin Ω is too small to divide by.
 */
const STRAIGHT = 0.9995;

/**
 * Spherical linear interpolation between two models, as whole vectors: on the arc from a to b,
 * which keeps the norm that the chord would lose. With the angle Ω between them,
 *     [sin((1−t)Ω)·a + sin(tΩ)·b] / sin Ω,
 *     or (1−t)·a + t·b where
 * cos Ω
 *  > 0.9995 or one of them is 0.
 * a is the first that is given: except for t = 0.5, the order matters.
 * @param t from 0 (a) to 1 (b)
 * @see Shoemake 1985, "Animating rotation with quaternion curves",
 * https://doi.org/10.1145/325165.325242
 */
export function slerp({ t }: { t: number }): GramStrategy {
  return {
    name: 'slerp',
    needs: 'gram',
    takes: { least: 2, most: 2, rule: 'n = 2' },
    ordered: true,
    prepare({ all }) {
      const cos = cosineBetween(all, 0, 1);
      const omega = Math.acos(cos);
      const straight = Math.abs(cos) > STRAIGHT || all.some((row, k) => row[k] === 0);
      const weight = (part: number) => (straight ? part : Math.sin(part * omega) / Math.sin(omega));
      const weights = [weight(1 - t), weight(t)];
      return {
        propagatesNonFinite: true,
        combine: (out, columns) => weightedSum(out, columns, weights),
      };
    },
  };
}
