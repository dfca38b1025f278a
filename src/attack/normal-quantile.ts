import { erf } from '../engine/graph/erf.js';

/**
 * Φ⁻¹(p) for 0 < p < 1: a standard normal variable lies below it with probability p. By bisection,
 * to rounding.
 */
export function normalQuantile(p: number): number {
  let [low, high] = [-40, 40];
  for (;;) {
    const middle = (low + high) / 2;
    const part = (1 + erf(middle / Math.SQRT2)) / 2;
    if (part === p || middle <= low || middle >= high) return middle;
    if (part < p) low = middle;
    else high = middle;
  }
}
