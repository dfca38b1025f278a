/**
 * Computes a fraction of `count` as a whole number. 0.07 of 100 is 7, although the product in
 * float64 is 7.000000000000001. So a product within rounding of a whole or half number counts as
 * that number.
 */

/** Covers the rounding of the fraction and of the product. */
const ROUNDING = 2 ** -51;

/** ⌈fraction · count⌉ */
export const partUp = (fraction: number, count: number): number => Math.ceil(meant(fraction * count));

/** ⌊fraction · count⌋ */
export const partDown = (fraction: number, count: number): number => Math.floor(meant(fraction * count));

/** The whole number nearest to fraction · count; the larger one on a tie. */
export const partNearest = (fraction: number, count: number): number => Math.round(meant(fraction * count));

function meant(product: number): number {
  const whole = Math.round(2 * product) / 2;
  return Math.abs(product - whole) <= product * ROUNDING ? whole : product;
}
