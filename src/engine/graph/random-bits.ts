/**
 * The random numbers inside graphs: a hash of (position, seed, step …, stream). So the number of an
 * element does not depend on earlier draws. The mixer is lowbias32 (Wellons 2018, "Prospecting for
 * hash functions"), applied once for each part of the key; 24 bits become a float32 in [0, 1).
 */
export const HASH_MULTIPLIERS = [0x7feb352d, 0x846ca68b] as const;

export function lowbias32(x: number): number {
  x ^= x >>> 16;
  x = Math.imul(x, HASH_MULTIPLIERS[0]);
  x ^= x >>> 15;
  x = Math.imul(x, HASH_MULTIPLIERS[1]);
  x ^= x >>> 16;
  return x >>> 0;
}

/** The key of one draw: absorbs the parts (seed, step …, stream) one after the other. */
export function randomKey(parts: readonly number[]): number {
  return parts.reduce((key, part) => lowbias32(key ^ (part >>> 0)), 0);
}

/** A uniform number in [0, 1), a multiple of 2⁻²⁴. */
export function uniformAt(key: number, position: number): number {
  return (lowbias32(lowbias32(position >>> 0) ^ key) >>> 8) / 2 ** 24;
}
