import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SITES, surveyTable } from '../../../test/survey-table.js';
import { type Dataset, subset } from '../../data/dataset.js';
import { MISSING_NUMBER } from '../../data/features.js';
import { preprocessingSchema } from '../../data/survey/settings.js';
import { parseConfiguration } from '../../protocol/configuration/configuration.js';
import { tensorView } from '../../tensor/state-dict.js';
import { preprocessingPlanOf } from './preprocessing.js';
import { siteStatistics, surveyHere } from './site-statistics.js';

interface SiteOracle {
  readonly mean: number[];
  readonly deviation: number[];
  readonly median: number[];
  readonly low: number[];
  readonly high: number[];
  readonly prepared: number[][];
}
const scikitLearn = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../../../test/fixtures/survey/sites.json'), 'utf8'),
) as Record<string, SiteOracle>;

async function constantsOf(table: Dataset, settings: object = {}) {
  const preprocessing = preprocessingSchema.parse({ statistics: 'site', ...settings });
  const statistics = siteStatistics(preprocessingPlanOf({ preprocessing }, table, 'test'), undefined)!;
  const rows = Uint32Array.from({ length: table.examples }, (_, row) => row);
  const state = await statistics.of(rows, surveyHere(table));
  return (name: string) => [...tensorView(state, `preprocess.constants.${name}`)];
}

describe('the statistics of a site’s own rows', () => {
  it.each(SITES)('are what scikit-learn fits to the rows of "%s", of few rows, too', async (site) => {
    const constant = await constantsOf(surveyTable(site));
    const { mean, deviation, median, low, high } = scikitLearn[site]!;
    // Constants are float32.
    for (const [name, expected] of Object.entries({ mean, deviation })) {
      for (const [at, value] of constant(name).entries())
        expect(value / expected[at]!, name).toBeCloseTo(1, 6);
    }
    // Quantiles are known up to a bin: 2.5 years, 19% of an income, 7 mmHg.
    for (const [name, expected] of Object.entries({ impute: median, low, high })) {
      for (const [at, value] of constant(name).entries()) {
        const width = [2.5, 0.19 * expected[at]!, 7][at]!;
        expect(Math.abs(value - expected[at]!), `${name} ${at}`).toBeLessThanOrEqual(width);
      }
    }
  });

  it.each(SITES)('prepare the rows of "%s" as scikit-learn does', async (site) => {
    const table = surveyTable(site);
    const constant = await constantsOf(table, { impute: 'mean', clip: false });
    const [impute, mean, deviation] = ['impute', 'mean', 'deviation'].map(constant);
    const inside = [(x: number) => Math.min(80, Math.max(30, x)), (x: number) => x, (x: number) => x];
    for (const [row, expected] of scikitLearn[site]!.prepared.entries()) {
      for (const [at, value] of expected.entries()) {
        const x = (table.inputs[0]!.values as Float32Array)[3 * row + at]!;
        const known = x === MISSING_NUMBER ? impute![at]! : inside[at]!(x);
        expect((known - mean![at]!) / deviation![at]!).toBeCloseTo(value, 5);
      }
    }
  });

  it('let no value decide of a number that the site has never seen', async () => {
    const north = surveyTable('north');
    const [numbers, categories] = north.inputs;
    const values = Float32Array.from(numbers!.values as Float32Array, (x, at) =>
      at % 3 === 2 ? MISSING_NUMBER : x,
    );
    const table = { ...north, inputs: [{ ...numbers!, values }, categories!] };
    const pressure = async (settings: object) => {
      const constant = await constantsOf(table, settings);
      return ['impute', 'low', 'high', 'mean', 'deviation'].map((name) => constant(name)[2]);
    };
    expect(await pressure({})).toEqual([0, 0, 0, 0, 1]);
    expect((await pressure({ clip: false }))[2]).toBeGreaterThan(1e38);
  });

  it('of a single row are that row', async () => {
    const constant = await constantsOf(subset(surveyTable('west'), Uint32Array.of(1)), { impute: 'mean' });
    expect(constant('deviation')).toEqual([1, 1, 1]);
    expect(constant('mean')).toEqual(constant('impute'));
  });

  it.each([
    [{ refit: {} }, '"refit"'],
    [{ decision: 'youden' }, '"decision"'],
  ])('exclude %j, which needs one model of everybody', (more, field) => {
    const configuration = {
      ...{ partition: { name: 'iid', participants: 2 }, model: { name: 'mlp' }, rounds: 1 },
      ...{ optimizer: { name: 'adam' }, local: { epochs: 1 } },
      ...{ preprocessing: { statistics: 'site' }, ...more },
    };
    expect(() => parseConfiguration(configuration, 'test')).toThrow(
      new RegExp(`${field} is set.*"preprocessing.statistics" is "site".*expected one of both`),
    );
  });
});
