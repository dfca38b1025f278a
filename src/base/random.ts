/**
 * Seeded random numbers. A stream is derived from a key such as (seed, participant, round,
 * purpose). No two purposes share a stream, and no stream is shared state, so a draw never depends
 * on what ran before it.
 *
 * The generator is Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2,
 * 3"): a counter is encrypted with the key. The key is the first 64 bits of a hash of the parts,
 * mixed by the same block function.
 */

export interface RandomStream {
  /** The next 32 random bits, as an integer in [0, 2³²). */
  uint32(): number;
  /** Uniform in [0, 1), with 32 random bits. */
  uniform(): number;
  /** Normal with mean 0 and variance 1 (Box and Muller). */
  normal(): number;
  /** Uniform integer in [0, bound), without bias. */
  integer(bound: number): number;
  /** A uniformly random order of 0 … length − 1 (Fisher and Yates). */
  permutation(length: number): Uint32Array;
}

/**
 * The stream for this key. Equal keys give equal streams; parts are distinguished by type and
 * position.
 */
export function randomStream(...key: readonly (number | string)[]): RandomStream {
  const [key0, key1] = hashKey(key);
  const block = new Uint32Array(4);
  let counter = 0;
  let used = 4;
  let spareNormal: number | undefined;

  const uint32 = () => {
    if (used === 4) {
      philox(block, counter >>> 0, Math.floor(counter / 2 ** 32) >>> 0, 0, 0, key0, key1);
      counter++;
      used = 0;
    }
    return block[used++] as number;
  };
  const uniform = () => uint32() / 2 ** 32;
  const integer = (bound: number) => {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let drawn = uint32();
    while (drawn >= limit) drawn = uint32();
    return drawn % bound;
  };
  const normal = () => {
    if (spareNormal !== undefined) {
      const value = spareNormal;
      spareNormal = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  const permutation = (length: number) => {
    const order = Uint32Array.from({ length }, (_, index) => index);
    for (let last = length - 1; last > 0; last--) {
      const other = integer(last + 1);
      const kept = order[last] as number;
      order[last] = order[other] as number;
      order[other] = kept;
    }
    return order;
  };
  return { uint32, uniform, normal, integer, permutation };
}

/** One block of Philox4x32-10: encrypts the counter (c0…c3) with the key (k0, k1) into `out`. */
export function philox(
  out: Uint32Array,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
): void {
  for (let round = 0; round < 10; round++) {
    const low0 = Math.imul(c0, 0xd2511f53) >>> 0;
    const high0 = multiplyHigh(c0, 0xd2511f53);
    const low1 = Math.imul(c2, 0xcd9e8d57) >>> 0;
    const high1 = multiplyHigh(c2, 0xcd9e8d57);
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** The upper 32 bits of a 32 × 32 bit product, from 16-bit halves. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}

/** Absorbs the key's text, eight bytes at a time, into 64 bits. */
function hashKey(key: readonly (number | string)[]): [number, number] {
  const bytes = new TextEncoder().encode(JSON.stringify(key));
  const state = new Uint32Array(4);
  let k0 = 0x243f6a88;
  let k1 = 0x85a308d3;
  for (let at = 0; at < bytes.length; at += 8) {
    let low = 0;
    let high = 0;
    for (let i = 0; i < 4; i++) {
      low |= (bytes[at + i] ?? 0) << (8 * i);
      high |= (bytes[at + 4 + i] ?? 0) << (8 * i);
    }
    philox(state, low >>> 0, high >>> 0, at, bytes.length, k0, k1);
    k0 = state[0] as number;
    k1 = state[1] as number;
  }
  return [k0, k1];
}
