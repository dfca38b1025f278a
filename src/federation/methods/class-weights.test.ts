import { expect, it } from 'vitest';
import { arrayDataset } from '../../data/arrays/array-dataset.js';
import { ownAnswer } from '../../data/survey/own-answer.js';
import { addAnswers, surveyOf } from '../../data/survey/survey.js';
import { classWeights } from './class-weights.js';

const IGNORED = 255;

/** A site with so many rows of each class, and some without. */
const site = (counts: readonly number[], without = 0) => {
  const labels = [
    ...counts.flatMap((count, label) => Array<number>(count).fill(label)),
    ...Array<number>(without).fill(IGNORED),
  ];
  const names = ['well', 'ill', 'unsure'].slice(0, counts.length);
  return arrayDataset({
    name: 'site',
    inputs: [{ name: 'x', values: new Float32Array(labels.length), shape: [1] }],
    targets: [
      {
        name: 'y',
        values: Int32Array.from(labels),
        meaning: { kind: 'categories', names, ignored: IGNORED },
      },
    ],
  });
};

const weightsOf = (sites: readonly ReturnType<typeof site>[], smallestCount = 5) => {
  const survey = surveyOf({ inputs: [], targets: sites[0]!.targets });
  const answers = sites.map((one) => ownAnswer(survey, one, Array(one.examples).keys(), smallestCount));
  return classWeights(survey, addAnswers(survey, answers), smallestCount)['loss.constants.classWeights']!;
};

/** compute_class_weight('balanced') of scikit-learn 1.7. */
const ofScikitLearn = [
  { sites: [site([162, 18])], weights: [0.5555555555555556, 5] },
  {
    sites: [site([30, 0, 20]), site([10, 9, 11])],
    weights: [0.6666666666666666, 2.962962962962963, 0.8602150537634409],
  },
];

it.each(ofScikitLearn)('are those of scikit-learn on all rows: $weights', ({ sites, weights }) => {
  expect(weightsOf(sites)).toEqual(weights);
});

it('rows without a class count in none', () => {
  expect(weightsOf([site([162, 18], 40)])).toEqual([0.5555555555555556, 5]);
});

it('a hidden row counts in the class that it is shown in', () => {
  // 3 of 100 are shown with the others.
  expect(weightsOf([site([97, 3]), site([60, 40])])).toEqual([200 / (2 * 160), 200 / (2 * 40)]);
  expect(weightsOf([site([97, 3]), site([60, 40])], 1)).toEqual([200 / (2 * 157), 200 / (2 * 43)]);
});

it('a class without a row is refused, and one whose rows are all hidden', () => {
  const refused = /no training row is counted in the class "ill"/;
  expect(() => weightsOf([site([97, 0])], 1)).toThrow(refused);
  expect(() => weightsOf([site([97, 3])])).toThrow(refused);
  expect(() => weightsOf([site([97, 3])])).toThrow('counts below 5 of a participant are hidden');
});
