import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stateLayout } from '../tensor/state-dict.js';
import { changeNorm, clip, clippedAtMost } from './clip.js';
import { type Transform, transformed } from './transform.js';

const layout = stateLayout([
  ['fc.weight', [2, 2]],
  ['bn.running_var', [2]],
  ['bn.num_batches_tracked', []],
]);
const context = { layout, participant: 'site-a', round: 1 };
const norm = (values: Iterable<number>) => Math.hypot(...values);

describe('a clipped update', () => {
  const base = Float32Array.of(1, 1, 1, 1, 5, 5, 3);
  const update = Float32Array.of(4, 1, 5, 1, 900, 7, 12);

  it('has moved its weights by no more than the bound, in the same direction', () => {
    // A change of (3, 0, 4, 0), whose norm is 5.
    expect([...clip(1)(update, base, context).subarray(0, 4)]).toEqual([1.6, 1, 1.8, 1].map(Math.fround));
  });

  it('has its own statistics and counters', () => {
    expect([...clip(1)(update, base, context).subarray(4)]).toEqual([900, 7, 12]);
    expect(changeNorm(update, base, layout)).toBe(5);
  });

  it('is the update itself within the bound', () => {
    expect(clip(5)(update, base, context)).toBe(update);
  });

  it('is scaled down once more where its codec lengthens the change', () => {
    const longer: Transform = (update, base) => update.map((value, i) => base[i]! + 1.5 * (value - base[i]!));
    for (const bound of [1, 6]) {
      const clipped = clip(bound, longer)(update, base, context);
      expect(changeNorm(longer(clipped, base, context), base, layout)).toBeCloseTo(bound, 5);
    }
    expect(clip(7.5, longer)(update, base, context)).toBe(update);
  });

  it('stays within what may arrive, however small the bound and large the weights', () => {
    const numbers = fc.array(fc.float({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 7, maxLength: 7 });
    fc.assert(
      fc.property(numbers, numbers, fc.double({ min: 1e-6, max: 1e6 }), (from, to, bound) => {
        const [base, update] = [Float32Array.from(from), Float32Array.from(to)];
        const clipped = clip(bound)(update, base, context);
        const most = clippedAtMost(bound, norm(base.subarray(0, 4)));
        expect(changeNorm(clipped, base, layout)).toBeLessThanOrEqual(most);
      }),
      { seed: 1 },
    );
  });
});

describe('a chain of transforms', () => {
  it('passes the update on from link to link', () => {
    const shift = (by: number) => (update: Float32Array) => update.map((value) => value + by);
    const base = new Float32Array(7);
    const double = (update: Float32Array) => update.map((value) => 2 * value);
    expect(transformed([shift(1), double], base, base, context)[0]).toBe(2);
    expect(transformed([double, shift(1)], base, base, context)[0]).toBe(1);
    expect(transformed([], base, base, context)).toBe(base);
  });
});
