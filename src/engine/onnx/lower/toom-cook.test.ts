import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kroneckerSquare, minimalFilter } from './toom-cook.js';

const times = (m: readonly (readonly number[])[], x: readonly number[]) =>
  m.map((row) => row.reduce((sum, a, i) => sum + a * x[i]!, 0));
const numbers = (count: number) =>
  fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: count, maxLength: count });

describe('a minimal filter', () => {
  it.each([
    { results: 2, points: [0, 1, -1] },
    { results: 4, points: [0, 0.75, -0.75, 1.5, -1.5] },
    { results: 3, points: [0, 1, -1, 2, -2] },
  ])('of $results results at the points $points gives what the filter gives', ({ results, points }) => {
    const { toPixels, toTaps, fromProducts } = minimalFilter(points, results);
    const taps = points.length + 2 - results;
    fc.assert(
      fc.property(numbers(results + taps - 1), numbers(taps), (pixels, filter) => {
        const [v, u] = [times(toPixels, pixels), times(toTaps, filter)];
        const y = times(
          fromProducts,
          v.map((value, i) => value * u[i]!),
        );
        y.forEach((value, i) => {
          const direct = filter.reduce((sum, tap, k) => sum + tap * pixels[i + k]!, 0);
          expect(value).toBeCloseTo(direct, 12);
        });
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it('is applied along both axes of a square by its Kronecker square', () => {
    expect(
      kroneckerSquare([
        [1, 2],
        [0, 3],
      ]),
    ).toEqual([
      [1, 2, 2, 4],
      [0, 3, 0, 6],
      [0, 0, 3, 6],
      [0, 0, 0, 9],
    ]);
  });
});
