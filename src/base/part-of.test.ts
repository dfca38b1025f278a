import fc from 'fast-check';
import { expect, it } from 'vitest';
import { partDown, partNearest, partUp } from './part-of.js';

it.each([
  [0.07, 100, 7, 7, 7],
  [0.29, 100, 29, 29, 29],
  [0.145, 100, 15, 14, 15],
  [0.1, 30, 3, 3, 3],
  [0.34, 10, 4, 3, 3],
  [0, 10, 0, 0, 0],
  [1, 10, 10, 10, 10],
  [1e-9, 10, 1, 0, 0],
  [0.07, 1e9 + 1, 70_000_001, 70_000_000, 70_000_000],
])('%d of %i is %i rounded up, %i down, %i to the nearest', (fraction, count, up, down, nearest) => {
  expect([partUp(fraction, count), partDown(fraction, count), partNearest(fraction, count)]).toEqual([
    up,
    down,
    nearest,
  ]);
});

it('is what whole numbers give, for fractions of up to six decimals', () => {
  const millionths = fc.integer({ min: 0, max: 1_000_000 });
  const counts = fc.integer({ min: 1, max: 2_000_000_000 });
  fc.assert(
    fc.property(millionths, counts, (part, count) => {
      const product = BigInt(part) * BigInt(count);
      const million = 1_000_000n;
      const fraction = part / 1e6;
      expect(partDown(fraction, count)).toBe(Number(product / million));
      expect(partUp(fraction, count)).toBe(Number((product + million - 1n) / million));
      expect(partNearest(fraction, count)).toBe(Number((2n * product + million) / (2n * million)));
    }),
    { seed: 1 },
  );
});
