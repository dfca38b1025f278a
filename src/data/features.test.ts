import { expect, it } from 'vitest';
import { arrayDataset } from './arrays/array-dataset.js';
import { columnFactsSchema } from './column-schema.js';
import { checkDataset, factsOf } from './dataset.js';
import {
  type CategoryFeature,
  type Feature,
  MISSING_NUMBER,
  missingCategory,
  otherCategory,
} from './features.js';

const pain: CategoryFeature = { kind: 'category', name: 'pain', names: ['typical', 'none'] };
const numbers: readonly Feature[] = [
  { kind: 'number', name: 'age', unit: 'years', range: [0, 110] },
  { kind: 'number', name: 'chol' },
];

const table = (rows: { readonly numbers: readonly number[]; readonly pain: readonly number[] }) =>
  arrayDataset({
    name: 'table',
    inputs: [
      {
        name: 'numbers',
        values: Float32Array.from(rows.numbers),
        shape: [2],
        meaning: { kind: 'features', features: numbers },
      },
      {
        name: 'categories',
        values: Int32Array.from(rows.pain),
        shape: [1],
        meaning: { kind: 'features', features: [pain] },
      },
    ],
    targets: [{ name: 'days', values: new Float32Array(rows.pain.length) }],
  });

it('rows have known and other categories, and values that are missing', () => {
  const rows = { numbers: [54, MISSING_NUMBER, 61, 240], pain: [otherCategory(pain), missingCategory(pain)] };
  expect(() => checkDataset(table(rows))).not.toThrow();
});

it('a value that no feature has is refused, by the name of the feature', () => {
  const wrong = { numbers: [54, 200, 61, Number.NaN], pain: [0, 4] };
  expect(() => table(wrong)).toThrow(/NaN, expected a finite number for "chol"/);
  expect(() => table({ ...wrong, numbers: [1, 2, 3, 4] })).toThrow(/4, expected 0 to 3 for "pain"/);
});

it('the description of a column of features is read back as it was written', () => {
  const facts = table({ numbers: [1, 2], pain: [0] }).inputs.map(factsOf);
  expect(facts.map((one) => columnFactsSchema.parse(JSON.parse(JSON.stringify(one))))).toEqual(facts);
});
