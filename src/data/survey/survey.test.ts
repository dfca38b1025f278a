import { describe, expect, it } from 'vitest';
import { pandas, SITES, surveyTable } from '../../../test/survey-table.js';
import { arrayDataset } from '../arrays/array-dataset.js';
import type { Dataset } from '../dataset.js';
import {
  type CategoryFigures,
  figuresOfSurvey,
  type NumberFigures,
  quantileOf,
  type VariableFigures,
} from './figures.js';
import { ownAnswer } from './own-answer.js';
import { addAnswers, answerProblem, surveyOf, type TableSurvey } from './survey.js';

const survey = surveyOf(surveyTable(), { correlation: true });
const all = ({ examples }: Dataset) => Array.from({ length: examples }, (_, row) => row);
const answerOf = (of: TableSurvey, dataset: Dataset, smallestCount?: number) =>
  ownAnswer(of, dataset, all(dataset), smallestCount);
const named = (figures: readonly VariableFigures[], name: string) =>
  figures.find(({ variable }) => variable.name === name) as VariableFigures;

describe('answers of four sites, of which nothing is hidden', () => {
  const total = addAnswers(
    survey,
    SITES.map((site) => answerOf(survey, surveyTable(site), 1)),
  );
  const { rows, variables, correlations } = figuresOfSurvey(survey, total);

  it('add up to what the pooled table answers', () => {
    const pooled = answerOf(survey, surveyTable(), 1);
    for (const { name, offset, size, per } of survey.layout) {
      if (per === 'owner') continue;
      for (let i = offset; i < offset + size; i++)
        expect(total[i], `${name} at ${i - offset}`).toBeCloseTo(pooled[i]!, 8);
    }
  });

  it.each(Object.entries(pandas.numbers))('give the figures of "%s" that pandas gives', (name, expected) => {
    const figures = named(variables, name) as NumberFigures;
    expect(rows).toBe(pandas.rows);
    expect(figures.missing).toBe(expected.missing);
    expect(figures.mean! / expected.mean).toBeCloseTo(1, 12);
    expect(figures.deviation! / expected.deviation).toBeCloseTo(1, 10);
    for (const [part, value] of Object.entries(expected.quantiles)) {
      const { within } = quantileOf(figures, Number(part))!;
      const width = Math.max(within[1] - within[0], name === 'income' ? 0 : 2.5);
      // pandas interpolates between two rows, which may be in two bins.
      expect(value).toBeGreaterThanOrEqual(within[0] - width);
      expect(value).toBeLessThanOrEqual(within[1] + width);
      expect(Math.abs(quantileOf(figures, Number(part))!.value - value)).toBeLessThanOrEqual(width);
    }
    if (name in pandas.histograms) {
      expect(figures).toMatchObject({ below: pandas.below[name], above: pandas.above[name] });
      expect(figures.counts).toEqual(pandas.histograms[name]);
    }
  });

  it('give the counts of categories, the balance of the target, and correlations', () => {
    const pain = named(variables, 'pain') as CategoryFigures;
    const { none, typical, atypical, elsewhere, '': missing } = pandas.pain;
    expect(pain).toMatchObject({ counts: [none, typical, atypical], other: elsewhere, missing });
    expect((named(variables, 'sick') as CategoryFigures).counts).toEqual(pandas.sick);
    for (const { x, y, r } of correlations)
      expect(r, `${x} ${y}`).toBeCloseTo(pandas.correlation[`${x} ${y}`]!, 10);
  });
});

describe('answers in which small cells are hidden', () => {
  const answers = SITES.map((site) => answerOf(survey, surveyTable(site)));

  it('have no count from 1 to 4, and each row is counted once', () => {
    for (const answer of answers) {
      for (const { variable, counts, rows, missing } of figuresOfSurvey(survey, answer).variables) {
        expect([...counts, missing].filter((count) => count > 0 && count < 5)).toEqual([]);
        expect([answer[0], 0], variable.name).toContain(rows);
      }
    }
  });

  it('come close to the pooled table all the same', () => {
    const { variables } = figuresOfSurvey(survey, addAnswers(survey, answers));
    for (const [name, { mean, deviation }] of Object.entries(pandas.numbers)) {
      const figures = named(variables, name) as NumberFigures;
      // Sites of 9 to 90 rows have few in each of 20 bins, and the highest incomes count as lower ones.
      expect(Math.abs(figures.mean! - mean) / deviation).toBeLessThan(0.25);
      expect(figures.deviation! / deviation).toBeGreaterThan(0.6);
      expect(figures.deviation! / deviation).toBeLessThan(1.1);
    }
    expect(variables.some(({ hidden }) => hidden.some((owners) => owners > 0))).toBe(true);
  });

  it('say nothing of a site with fewer rows than that', () => {
    const west = surveyTable('west');
    expect(ownAnswer(survey, west, [0, 1, 2, 3])).toEqual(new Float64Array(survey.length));
  });
});

describe('numbers with few values', () => {
  const tableOf = (rows: readonly (readonly [number, number])[]) =>
    arrayDataset({
      name: 'switches',
      inputs: [
        {
          name: 'numbers',
          shape: [2],
          values: Float32Array.from(rows.flat()),
          meaning: {
            kind: 'features',
            features: [
              { kind: 'number', name: 'a', range: [0, 1] },
              { kind: 'number', name: 'b', range: [0, 1] },
            ],
          },
        },
      ],
      targets: [{ name: 'y', values: new Float32Array(rows.length) }],
    });
  const repeated = (count: number, a: number, b: number) =>
    Array.from({ length: count }, () => [a, b] as const);

  it('do not give back a hidden count by their mean', () => {
    const [three, four] = [3, 4].map((ones) => {
      const table = tableOf([...repeated(ones, 1, 0), ...repeated(40 - ones, 0, 0)]);
      return answerOf(surveyOf(table), table);
    });
    expect(three).toEqual(four);
  });

  it('do not give back a small group by their correlation', () => {
    const cornered = (both: number) =>
      tableOf([
        ...repeated(both, 1, 1),
        ...repeated(20 - both, 1, 0),
        ...repeated(20 - both, 0, 1),
        ...repeated(20, 0, 0),
      ]);
    const of = surveyOf(cornered(2), { correlation: true });
    const [two, eight] = [2, 8].map((both) => figuresOfSurvey(of, answerOf(of, cornered(both))));
    expect(two?.correlations[0]).toMatchObject({ rows: 0, r: undefined });
    expect(eight?.correlations[0]).toMatchObject({ rows: 52 });
    expect(eight?.correlations[0]?.r).toBeCloseTo((52 * 8 - 20 * 20) / (52 * 20 - 20 * 20), 12);
  });
});

describe('an answer that is checked', () => {
  const answer = answerOf(survey, surveyTable('north'));
  const at = (name: string) => survey.layout.find((entry) => entry.name === name)!.offset;

  it('is sound as its owner makes it', () => {
    expect(answerProblem(survey, answer, 1000)).toBeUndefined();
    expect(answerProblem(survey, new Float64Array(survey.length), 1000)).toBeUndefined();
  });

  it.each<[string, (of: Float64Array) => ArrayLike<number>, RegExp]>([
    ['with another length', (of) => of.subarray(1), /numbers, expected/],
    ['of too many rows', (of) => of.with(0, 1001), /1001 rows, expected 0 to 1000/],
    ['of half a row', (of) => of.with(0, 1.5), /1\.5 rows/],
    ['with a negative count', (of) => of.with(at('age: counts'), -1), /"age: counts" is -1 at index 0/],
    ['with a count too many', (of) => of.with(at('sick: counts'), 90), /counts of "sick".*add up to 90/],
    ['with a sum beyond its bound', (of) => of.with(at('age: sum'), 91), /"age: sum" is 91.*-90 to 90/],
    ['with what is no number', (of) => of.with(at('age: squares'), Number.NaN), /"age: squares" is NaN/],
    ['hidden twice', (of) => of.with(at('pain: hidden'), 2), /"pain: hidden" is 2.*0 to 1/],
  ])('%s is refused', (_, changed, expected) => {
    expect(answerProblem(survey, changed(answer), 1000)).toMatch(expected);
  });
});
