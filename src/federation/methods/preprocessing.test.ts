import { describe, expect, it } from 'vitest';
import { classified } from '../../../test/classified.js';
import { pandas, SITES, surveyTable } from '../../../test/survey-table.js';
import { ownAnswer } from '../../data/survey/own-answer.js';
import { preprocessingSchema } from '../../data/survey/settings.js';
import { surveyOf } from '../../data/survey/survey.js';
import { parseConfiguration } from '../../protocol/configuration/configuration.js';
import type { TaskRunner } from '../../training/tasks.js';
import { compileFederation } from '../plan/compile-federation.js';
import { namedParts } from '../plan/extensions.js';
import { federationPlan } from '../plan/federation-plan.js';
import { type Resumable, resumptionContract, runInFolder } from '../record/resumption.contract.js';
import { preprocessingPlanOf, surveyedConstants } from './preprocessing.js';

/** The rows of the sites, one after the other in the pooled table. */
const shares = (() => {
  let from = 0;
  return SITES.map((site) => {
    const { examples } = surveyTable(site);
    const train = Uint32Array.from({ length: examples }, (_, row) => from + row);
    from += examples;
    return { train };
  });
})();
const NAMES = ['age', 'income', 'pressure'];
const constantsBy = (settings: object, of = shares) => {
  const preprocessing = preprocessingSchema.parse(settings);
  const table = surveyTable();
  const plan = preprocessingPlanOf({ preprocessing }, table, 'test')!;
  const answers = of.map(({ train }) => ownAnswer(plan.survey, table, train, preprocessing.smallestCount));
  const constants = surveyedConstants(plan, answers);
  return (name: string, column: string) => constants[`preprocess.constants.${name}`]![NAMES.indexOf(column)]!;
};

describe('constants from the answers of four sites', () => {
  it.each(NAMES)('are what pandas says of all rows of "%s", where no count is hidden', (column) => {
    const constant = constantsBy({ smallestCount: 1 });
    const { mean, deviation, quantiles } = pandas.numbers[column]!;
    expect(constant('mean', column) / mean).toBeCloseTo(1, 12);
    expect(constant('deviation', column) / deviation).toBeCloseTo(1, 10);
    // Quantiles are known up to a bin: 2.5 years, 7 mmHg, or 19% of an income.
    for (const [name, part] of [
      ['impute', '0.5'],
      ['low', '0.01'],
      ['high', '0.99'],
    ] as const) {
      const width = { age: 2.5, income: 0.19 * quantiles[part]!, pressure: 7 }[column]!;
      expect(Math.abs(constant(name, column) - quantiles[part]!), name).toBeLessThanOrEqual(width);
    }
  });

  it('impute the mean, clip nothing and leave numbers as they are, if the settings say so', () => {
    const constant = constantsBy({ standardize: false, impute: 'mean', clip: false, smallestCount: 1 });
    expect(constant('impute', 'age')).toBeCloseTo(pandas.numbers.age!.mean, 10);
    expect([constant('mean', 'age'), constant('deviation', 'age')]).toEqual([0, 1]);
    expect(constant('low', 'age')).toBeLessThan(-1e38);
    expect(constant('high', 'age')).toBeGreaterThan(1e38);
  });

  it('have no effect where too few rows are there to be asked', () => {
    const constant = constantsBy({}, [{ train: Uint32Array.of(0, 1, 2) }]);
    expect(NAMES.map((column) => constant('mean', column))).toEqual([0, 0, 0]);
    expect(NAMES.map((column) => constant('deviation', column))).toEqual([1, 1, 1]);
  });

  it.each([[{ clip: [0.9, 0.1] }], [{ smallestCount: 2 }], [{ impute: 'zero' }]])(
    'refuse the settings %j',
    (settings) => {
      expect(() => preprocessingSchema.parse(settings)).toThrow();
    },
  );
});

/** Training adds what the constants come to, so its result tells whether a task has them. */
const tasks: TaskRunner = {
  async train({ base, frozen }) {
    if (frozen === undefined) throw new Error('a task lacks the constants');
    const sum = frozen.reduce((a, b) => a + Math.min(b, 1000), 0);
    const state = Float32Array.from(base, (w, i) => w + sum / (i + 1000));
    const slots = new Float32Array(0);
    return { state, slots, epochs: 1, steps: 1, examplesSeen: 2, loss: 1, validation: undefined };
  },
  async evaluate({ frozen }) {
    if (frozen === undefined) throw new Error('a task lacks the constants');
    return classified({ examples: 1, correct: 1, lossSum: 0 });
  },
  async survey({ rows, smallestCount }) {
    const table = surveyTable();
    return ownAnswer(surveyOf(table), table, rows, smallestCount);
  },
  stop() {},
};

function resumable(): Resumable {
  const configuration = parseConfiguration(
    {
      ...{ partition: { name: 'iid', participants: SITES.length }, participants: SITES, preprocessing: {} },
      ...{ model: { name: 'logistic-regression' }, optimizer: { name: 'adam' } },
      ...{ local: { epochs: 1 }, rounds: 2 },
    },
    'test',
  );
  const table = surveyTable();
  const named = namedParts(configuration, {}, 'test');
  const { plan, survey, frozen, initialState } = compileFederation(configuration, table, named, 'test');
  const parties = shares.map(({ train }, i) => ({
    ...{ name: SITES[i] as string, train, validation: train.subarray(0, 1) },
  }));
  const steps = { survey, frozen };
  const of = federationPlan(configuration, plan, parties, { test: table }, named, initialState, steps);
  return { configuration, plan: of, tasks };
}

describe('the survey before round 1', () => {
  it('gives the constants of the sites’ answers to every task', async () => {
    const { valuesOf, models } = await runInFolder(resumable());
    const constant = constantsBy({});
    const expected = ['impute', 'low', 'high', 'mean', 'deviation'].flatMap((name) =>
      NAMES.map((column) => Math.fround(constant(name, column))),
    );
    expect(valuesOf('constants-1')).toEqual(expected);
    expect(models).toEqual(['constants-1', 'round-1', 'round-2']);
  });
});

resumptionContract('a survey before round 1', resumable());
