import { expect, it } from 'vitest';
import { arrayDataset } from './array-dataset.js';
import { featureStatistics } from './feature-statistics.js';

const column = (values: number[], shape: number[]) => ({ values: Float32Array.from(values), shape });

it('each feature has its own mean and deviation, over all examples and other axes', () => {
  const of = featureStatistics(column([1, 10, 3, 30, 5, 50, 7, 70], [2, 2]));
  expect(of.mean).toEqual([4, 40]);
  expect(of.deviation[0]).toBeCloseTo(Math.sqrt(5), 12);
  expect(of.deviation[1]).toBeCloseTo(10 * Math.sqrt(5), 12);
});

it('a feature with a single value has the deviation 1', () => {
  expect(featureStatistics(column([3, 0, 3, 2], [2]))).toEqual({ mean: [3, 1], deviation: [1, 1] });
});

it('a column of one number for each example has one feature', () => {
  const inputs = [{ name: 'age', values: Float32Array.of(2, 4) }];
  const [age] = arrayDataset({ name: 'ages', inputs, targets: [] }).inputs;
  expect(age && featureStatistics(age)).toEqual({ mean: [3], deviation: [1] });
});

it('a large mean does not hide a small deviation', () => {
  const { deviation } = featureStatistics(column([1e7, 1e7 + 1, 1e7 + 2], [1]));
  expect(deviation[0]).toBeCloseTo(Math.sqrt(2 / 3), 12);
});
