/**
 * A table of patients, made up: an age that may be missing, a category, and a class that follows
 * from both. Without the indicator of what is missing, or without the category, it cannot be
 * learned.
 */
import { randomStream } from '../src/base/random.js';
import { arrayDataset } from '../src/data/arrays/array-dataset.js';
import { type CategoryFeature, MISSING_NUMBER, type NumberFeature } from '../src/data/features.js';
import { preprocessConstants } from '../src/engine/nn/layers/preprocess-constants.js';

export const AGE: NumberFeature = { kind: 'number', name: 'age', unit: 'years' };
export const SEX: CategoryFeature = { kind: 'category', name: 'sex', names: ['Female', 'Male'] };

/** Ill: the age is missing, or above 60; or below 40, if it is a man. */
export function smallTable(examples: number, seed = 1) {
  const stream = randomStream('small table', seed);
  const rows = Array.from({ length: examples }, () => {
    const age = stream.integer(4) === 0 ? MISSING_NUMBER : 20 + stream.integer(60);
    const sex = stream.integer(3);
    return { age, sex, ill: age === MISSING_NUMBER || age > 60 || (age < 40 && sex === 1) };
  });
  return arrayDataset({
    name: 'small-table',
    inputs: [
      {
        ...{ name: 'numbers', values: Float32Array.from(rows, ({ age }) => age), shape: [1] },
        meaning: { kind: 'features', features: [AGE] },
      },
      {
        ...{ name: 'categories', values: Int32Array.from(rows, ({ sex }) => sex), shape: [1] },
        meaning: { kind: 'features', features: [SEX] },
      },
    ],
    targets: [
      {
        ...{ name: 'ill', values: Int32Array.from(rows, ({ ill }) => Number(ill)) },
        meaning: { kind: 'categories', names: ['no', 'yes'] },
      },
    ],
  });
}

export const smallTableConstants = preprocessConstants([{ mean: 50, deviation: 17, low: 20, high: 80 }]);
