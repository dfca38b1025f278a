import { expect, it } from 'vitest';
import { pairedDifference, studentQuantile } from './paired-difference.js';

it.each([
  [2, 4.3027, 0.15],
  [5, 2.5706, 0.002],
  [19, 2.093, 0.0001],
  [1e6, 1.96, 0.0001],
])(
  'the quantile of Student’s t with %d degrees of freedom is that of tables',
  (freedom, expected, within) => {
    expect(Math.abs(studentQuantile(freedom) - expected)).toBeLessThan(within);
  },
);

it('an interval is wider than if splits did not share examples', () => {
  const differences = [1, 2, 3, 2, 1, 2, 3, 2, 1, 3];
  const { mean, interval = [0, 0] } = pairedDifference(differences, { train: 200, test: 100 });
  expect(mean).toBe(2);
  // s² = 2/3, t = 2.2622: half of it is 2.2622·√(2/3·(1/10 + 1/2)).
  expect(interval[1] - mean).toBeCloseTo(1.4307, 3);
  expect(mean - interval[0]).toBeCloseTo(1.4307, 3);
});

it('of two splits there is a mean, and no interval', () => {
  expect(pairedDifference([1, 3], { train: 2, test: 1 })).toEqual({ mean: 2 });
});
