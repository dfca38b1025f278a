import { describe, expect, it } from 'vitest';
import { SITES, surveyTable } from '../../../test/survey-table.js';
import { arrayDataset } from '../arrays/array-dataset.js';
import { MISSING_NUMBER } from '../features.js';
import type { CategoryFigures, NumberFigures } from './figures.js';
import { siteDifferences } from './site-differences.js';
import { surveySites } from './site-survey.js';
import { surveyRecord } from './survey-record.js';

interface Row {
  readonly dose?: number | undefined;
  readonly colour: 'red' | 'green' | 'blue';
  readonly ill: boolean;
}

const COLOURS = ['red', 'green', 'blue'];

const site = (name: string, rows: readonly Row[]) => ({
  name,
  dataset: arrayDataset({
    name,
    inputs: [
      {
        ...{ name: 'numbers', shape: [1] },
        values: Float32Array.from(rows, ({ dose }) => dose ?? MISSING_NUMBER),
        meaning: { kind: 'features', features: [{ kind: 'number', name: 'dose', range: [0, 100] }] },
      },
      {
        ...{ name: 'categories', shape: [1] },
        values: Int32Array.from(rows, ({ colour }) => COLOURS.indexOf(colour)),
        meaning: { kind: 'features', features: [{ kind: 'category', name: 'colour', names: COLOURS }] },
      },
    ],
    targets: [
      {
        ...{ name: 'target', shape: [] },
        values: Int32Array.from(rows, ({ ill }) => Number(ill)),
        meaning: { kind: 'categories', names: ['healthy', 'ill'] },
      },
    ],
  }),
});

const rows = (count: number, row: (i: number) => Partial<Row>): Row[] =>
  Array.from({ length: count }, (_, i) => ({
    ...{ dose: 40 + (i % 20), colour: i % 2 === 0 ? 'red' : 'green', ill: i % 4 < 2 },
    ...row(i),
  }));

const differencesOf = (...sites: readonly ReturnType<typeof site>[]) => siteDifferences(surveySites(sites));
const usual = site(
  'usual',
  rows(100, () => ({})),
);

describe('the survey of sites', () => {
  it('has the figures of each, and those of all their rows', () => {
    const sites = SITES.map((name) => ({ name, dataset: surveyTable(name) }));
    const survey = surveySites(sites, 1);
    const pooled = surveySites([{ name: 'all', dataset: surveyTable() }], 1);
    expect(survey.total.rows).toBe(pooled.total.rows);
    for (const [i, own] of survey.sites.entries()) {
      expect(own.name).toBe(SITES[i]);
      expect(own.rows).toBe(sites[i]!.dataset.examples);
    }
    for (const [i, figures] of survey.total.variables.entries()) {
      expect(figures.missing).toBe(pooled.total.variables[i]!.missing);
      if ('mean' in figures)
        expect(figures.mean).toBeCloseTo((pooled.total.variables[i] as NumberFigures).mean!, 6);
    }
  });

  it('tells by names how many rows are where, and at how many sites a count is hidden', () => {
    const few = site(
      'few',
      rows(60, (i) => ({ colour: i < 2 ? 'blue' : 'red' })),
    );
    const survey = surveySites([usual, few]);
    const { total, sites } = surveyRecord(survey, false);
    const categories = { red: { rows: 60, hiddenBy: 1 }, green: { rows: 0 }, blue: { rows: 0, hiddenBy: 1 } };
    expect(sites?.few?.inputs.colour).toMatchObject({ kind: 'category', categories });
    expect(total.targets.target).toMatchObject({ rows: 160, categories: { ill: { rows: 80 } } });
    expect((survey.total.variables[1] as CategoryFigures).counts).toEqual([110, 50, 0]);
    expect(surveyRecord(survey, true)).not.toHaveProperty('sites');
  });
});

describe('where sites differ', () => {
  it('is nowhere if they are alike, or there is one', () => {
    expect(
      differencesOf(
        usual,
        site(
          'alike',
          rows(80, () => ({})),
        ),
      ),
    ).toEqual([]);
    expect(differencesOf(usual)).toEqual([]);
  });

  it('is a number that a site did not measure', () => {
    const gaps = site(
      'gaps',
      rows(50, (i) => (i < 30 ? { dose: undefined } : {})),
    );
    expect(differencesOf(usual, gaps)).toEqual([
      {
        ...{ kind: 'missing', column: 'dose' },
        sites: [{ site: 'gaps', rows: 30, of: 50, hidden: false }],
        least: { site: 'usual', rows: 0, of: 100, hidden: false },
      },
    ]);
  });

  it('is a mean more than one deviation from that of all', () => {
    const high = site(
      'high',
      rows(30, (i) => ({ dose: 80 + (i % 10) })),
    );
    expect(differencesOf(usual, high)).toMatchObject([{ kind: 'mean', column: 'dose', site: 'high' }]);
    const near = site(
      'near',
      rows(30, (i) => ({ dose: 44 + (i % 20) })),
    );
    expect(differencesOf(usual, near)).toEqual([]);
  });

  it('is a category or a class that a site lacks, where rows with it are expected', () => {
    const red = site(
      'red',
      rows(40, () => ({ colour: 'red' })),
    );
    const lacking = { kind: 'lacking', column: 'colour', isTarget: false, value: 'green', elsewhere: 0.5 };
    expect(differencesOf(usual, red)).toEqual([{ ...lacking, sites: ['red'] }]);
    const ill = site(
      'ill',
      rows(40, () => ({ ill: true })),
    );
    const [first] = differencesOf(usual, red, ill);
    // The class comes before the category.
    expect(first).toMatchObject({ kind: 'lacking', isTarget: true, value: 'healthy', sites: ['ill'] });
  });

  it('is not a category that is hidden there', () => {
    const hiding = site(
      'hiding',
      rows(60, (i) => ({ colour: i < 2 ? 'green' : 'red' })),
    );
    expect(differencesOf(usual, hiding)).toEqual([]);
  });

  it('is a class that is much more frequent than elsewhere', () => {
    const sick = site(
      'sick',
      rows(50, (i) => ({ ill: i % 10 !== 0 })),
    );
    expect(
      differencesOf(
        usual,
        sick,
        site(
          'alike',
          rows(200, () => ({})),
        ),
      ),
    ).toMatchObject([
      { kind: 'balance', value: 'ill', rows: { site: 'sick', rows: 45, of: 50 }, elsewhere: 0.5 },
    ]);
  });
});
