/** Mean and deviation of each feature of a column of numbers, for standardizing it. */
import type { Column } from '../dataset.js';
import { blocksOf } from '../paged-values.js';

/**
 * Over all examples and all axes but the last, which has the features. A feature with a single
 * value has the deviation 1.
 */
export function featureStatistics({ shape, values }: Pick<Column, 'shape' | 'values'>): {
  mean: number[];
  deviation: number[];
} {
  const features = shape.at(-1) ?? 1;
  const count = values.length / features;
  // The squares are of differences from the mean: the square of a mean of millions would hide them.
  const over = (of: (value: number, feature: number) => number) => {
    const sums = new Float64Array(features);
    for (const { block } of blocksOf(values, features)) {
      for (let i = 0; i < block.length; i++) {
        const feature = i % features;
        sums[feature] = (sums[feature] as number) + of(block[i] as number, feature);
      }
    }
    return Array.from(sums, (sum) => sum / count);
  };
  const mean = over((value) => value);
  const squares = over((value, feature) => (value - (mean[feature] as number)) ** 2);
  return { mean, deviation: squares.map((square) => Math.sqrt(square) || 1) };
}
