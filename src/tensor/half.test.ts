import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../base/random.js';
import { bf16Overflow, bf16ToF32, f16Overflow, f16ToF32, f32ToBf16, f32ToF16, f64ToOddF32 } from './half.js';

const widenF16 = (half: number) => {
  const out = new Float32Array(1);
  f16ToF32(Uint16Array.of(half), out);
  return out[0]!;
};
const narrowF16 = (value: number) => {
  const out = new Uint16Array(1);
  f32ToF16(Float32Array.of(value), out);
  return out[0]!;
};
const widenBf16 = (half: number) => {
  const out = new Float32Array(1);
  bf16ToF32(Uint16Array.of(half), out);
  return out[0]!;
};
const narrowBf16 = (value: number) => {
  const out = new Uint16Array(1);
  f32ToBf16(Float32Array.of(value), out);
  return out[0]!;
};

/** The meaning of float16 bits by the standard's formula. */
function f16Value(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

describe.each([
  { name: 'float16', widen: widenF16, narrow: narrowF16, infinity: 0x7c00, overflow: f16Overflow },
  { name: 'bfloat16', widen: widenBf16, narrow: narrowBf16, infinity: 0x7f80, overflow: bf16Overflow },
])('$name', ({ widen, narrow, infinity, overflow }) => {
  it('keeps every one of its values through float32', () => {
    for (let half = 0; half < 0x10000; half++) {
      const notANumber = (half & 0x7fff) > infinity;
      if (notANumber) expect(widen(narrow(widen(half)))).toBeNaN();
      else if (narrow(widen(half)) !== half) expect.fail(`0x${half.toString(16)}`);
    }
  });

  it('rounds to the nearest of its values, ties to even', () => {
    for (let half = 0; half < infinity - 1; half++) {
      const low = widen(half);
      const high = widen(half + 1);
      const middle = (low + high) / 2; // exact in float32
      const even = half % 2 === 0 ? half : half + 1;
      const ulp = Math.max(middle * 2 ** -23, 2 ** -149);
      const got = [middle, Math.fround(middle - ulp), Math.fround(middle + ulp), -middle].map(narrow);
      const expected = [even, half, half + 1, even + 0x8000];
      if (got.join() !== expected.join()) expect(got, `after 0x${half.toString(16)}`).toEqual(expected);
    }
  });

  it('turns what is too large into an infinity, and only that', () => {
    const below = Math.fround(overflow * (1 - 2 ** -23));
    expect([narrow(overflow), narrow(-overflow), narrow(below)]).toEqual([
      infinity,
      infinity + 0x8000,
      infinity - 1,
    ]);
    expect(narrow(Infinity)).toBe(infinity);
    expect(narrow(-Infinity)).toBe(infinity + 0x8000);
  });

  it('keeps the sign of zero and a NaN a NaN', () => {
    expect([narrow(0), narrow(-0)]).toEqual([0, 0x8000]);
    expect(Object.is(widen(0x8000), -0)).toBe(true);
    expect(widen(narrow(Number.NaN))).toBeNaN();
    // A NaN whose payload lies in the bits that go must not become an infinity.
    const source = new Float32Array(Uint32Array.of(0x7f800001).buffer);
    const out = new Uint16Array(1);
    (narrow === narrowF16 ? f32ToF16 : f32ToBf16)(source, out);
    expect(out[0]! & 0x7fff).toBeGreaterThan(infinity);
  });

  it('is monotonic', () => {
    const value = fc.float({ noNaN: true });
    fc.assert(
      fc.property(value, value, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        expect(widen(narrow(low))).toBeLessThanOrEqual(widen(narrow(high)));
      }),
      { seed: 1, numRuns: 1000 },
    );
  });
});

it('float16 widens by the formula of the standard', () => {
  for (let half = 0; half < 0x10000; half++) {
    if (!Object.is(widenF16(half), f16Value(half)))
      expect(widenF16(half), `0x${half.toString(16)}`).toBe(f16Value(half));
  }
});

it('a conversion is at most half a step away', () => {
  const stream = randomStream(1, 'half');
  for (let i = 0; i < 2000; i++) {
    const value = Math.fround(stream.normal() * 10 ** (stream.uniform() * 8 - 6));
    expect(Math.abs(widenF16(narrowF16(value)) - value)).toBeLessThanOrEqual(
      Math.max(Math.abs(value) * 2 ** -11, 2 ** -25),
    );
    expect(Math.abs(widenBf16(narrowBf16(value)) - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -8);
  }
});

it('by way of the odd float32, a float64 is rounded once to 16 bits, ties to even', () => {
  const stream = randomStream(2, 'half');
  const formats = [
    [widenF16, f32ToF16, 2 ** -11],
    [widenBf16, f32ToBf16, 2 ** -8],
  ] as const;
  for (const [widen, narrow, half] of formats) {
    for (let i = 0; i < 3000; i++) {
      // On a tie, or next to one by less than float32 resolves.
      const value =
        (1 + 2 * half * stream.integer(200) + half) * (1 + stream.integer(3) * 2 ** -40 - 2 ** -40);
      const out = new Uint16Array(1);
      narrow(f64ToOddF32(Float64Array.of(value)), out);
      const got = out[0]!;
      const error = (bits: number) => Math.abs(widen(bits) - value);
      const others = [error(got - 1), error(got + 1)];
      expect(error(got)).toBeLessThanOrEqual(Math.min(...others));
      if (others.includes(error(got))) expect(got % 2).toBe(0);
    }
  }
});

it('a conversion refuses arrays of different lengths', () => {
  expect(() => f32ToF16(new Float32Array(2), new Uint16Array(1))).toThrow(
    'internal: conversion of 2 values into',
  );
});
