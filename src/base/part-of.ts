/**
 * Computes how many of `count` a fraction is. A fraction means what it says: 0.07 of 100 is 7,
 * though the product in float64 is 7.000000000000001. So a product that lies within rounding of a
 * whole or half number counts as that number.
 */

/** Of the fraction's own rounding and the product's. */
const ROUNDING = 2 ** -51;

/** ⌈fraction · count⌉ */
export const partUp = (fraction: number, count: number): number => Math.ceil(meant(fraction * count));

/** ⌊fraction · count⌋ */
export const partDown = (fraction: number, count: number): number => Math.floor(meant(fraction * count));

/** The whole number nearest to fraction · count; of two that are as near, the larger. */
export const partNearest = (fraction: number, count: number): number => Math.round(meant(fraction * count));

function meant(product: number): number {
  const whole = Math.round(2 * product) / 2;
  return Math.abs(product - whole) <= product * ROUNDING ? whole : product;
}
