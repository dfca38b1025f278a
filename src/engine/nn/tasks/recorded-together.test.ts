/**
 * The figures of several owners together, from the sums that they share, against scikit-learn's on
 * all their predictions: test/fixtures/metrics/record_together.py has recorded them.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  measuredPredictions,
  type Predictions,
  type TaskName,
  taskOf,
} from '../../../../test/measured-predictions.js';
import { chosenMetrics } from '../../../metrics/known-metrics.js';
import { addMetrics, type Metrics } from '../../../metrics/metrics.js';
import { meanOfDefined } from '../../../metrics/outcomes.js';
import { areaUnderRoc, averagePrecision, histogramsOf } from '../../../metrics/score-histograms.js';
import { type SharedSums, sharedSums } from '../../../metrics/shared/shared-sums.js';
import { sharedSumsProblem } from '../../../metrics/shared/sums-problem.js';
import { figuresTogether } from '../../../metrics/shared/together.js';

interface Recorded {
  readonly name: string;
  readonly task: TaskName;
  readonly sites: readonly Predictions[];
  /** Of all examples of all sites. */
  readonly all: Readonly<Record<string, number>>;
  /** With counts below 5 hidden: of the sites that share what the metric needs. */
  readonly hidden: Readonly<Record<string, { readonly figure?: number; readonly participants: number }>>;
}

const file = new URL('../../../../test/fixtures/metrics/together.json', import.meta.url);
const { cases }: { cases: Recorded[] } = JSON.parse(readFileSync(file, 'utf8'));

const AREAS: Readonly<Record<string, typeof areaUnderRoc>> = {
  ...{ auroc: areaUnderRoc, 'average-precision': averagePrecision },
};
/** These are computed from sums of float32; the others from counts. */
const SUMMED = ['brier', 'calibration-error', 'loss', 'rmse', 'mae', 'r2'];

/**
 * Areas of scores that were made coarser, so that no count is below 5, are approximate. By how much
 * depends on the owners' examples (`shared-sums.test.ts`); here it is less.
 */
const COARSER = 0.03;

async function measuredSites({ task, sites, all }: Recorded) {
  const names = Object.keys(all).filter((name) => name !== 'loss');
  const [site] = sites;
  const measured = await measuredPredictions(
    taskOf(task, site!.outputs.length / site!.examples, names),
    sites,
  );
  return { measured, facts: chosenMetrics(task, names) };
}

/** What of each leaves its owner, as the coordinator takes it. */
const sharedOf = (measured: readonly Metrics[], smallestCount: number): SharedSums[] =>
  measured.flatMap((metrics) => {
    const shared = sharedSums(metrics, { smallestCount });
    if (shared === undefined) return [];
    const sizes = Object.fromEntries(Object.entries(metrics.sums).map(([name, sum]) => [name, sum.length]));
    expect(sharedSumsProblem(shared, metrics.examples, { sizes, mostUnits: 1 })).toBeUndefined();
    return [JSON.parse(JSON.stringify(shared)) as SharedSums];
  });

const allowed = (name: string, expected: number) =>
  SUMMED.includes(name) ? 1e-6 * Math.max(1, Math.abs(expected)) : 1e-9;

describe('the figures of owners who share their sums are those of scikit-learn on all their examples', () => {
  it.each(cases)('for $name ($task), with no count hidden', async (recorded) => {
    const { measured, facts } = await measuredSites(recorded);
    const together = figuresTogether(sharedOf(measured, 1), facts);
    expect(Object.keys(together).sort()).toEqual(Object.keys(recorded.all).sort());
    const added = addMetrics(measured);
    for (const [name, expected] of Object.entries(recorded.all)) {
      const { figure = Number.NaN, participants } = together[name]!;
      expect(participants).toBe(recorded.sites.length);
      const area = AREAS[name];
      const resolution =
        area && meanOfDefined(histogramsOf(added.sums.scores!).map((one) => area(one).resolution));
      if (resolution !== undefined) expect(resolution).toBeLessThan(0.005);
      const within = resolution === undefined ? allowed(name, expected) : resolution + 1e-6;
      expect(Math.abs(figure - expected), `${name} is ${figure}, not ${expected}`).toBeLessThanOrEqual(
        within,
      );
    }
  });

  it.each(cases)(
    'for $name ($task), of those who share it while small counts are hidden',
    async (recorded) => {
      const { measured, facts } = await measuredSites(recorded);
      const together = figuresTogether(sharedOf(measured, 5), facts);
      const participants = (of: Readonly<Record<string, { readonly participants: number }>>) =>
        Object.fromEntries(Object.entries(of).map(([name, one]) => [name, one.participants]));
      expect(participants(together)).toEqual(participants(recorded.hidden));
      for (const [name, { figure: expected = Number.NaN }] of Object.entries(recorded.hidden)) {
        const { figure = Number.NaN } = together[name]!;
        const within = AREAS[name] === undefined ? allowed(name, expected) : COARSER;
        expect(Math.abs(figure - expected), `${name} is ${figure}, not ${expected}`).toBeLessThanOrEqual(
          within,
        );
      }
    },
  );

  it('and of fewer owners where small counts are hidden', () => {
    const fewer = cases.map(({ sites, hidden }) =>
      Object.values(hidden).filter(({ participants }) => participants < sites.length),
    );
    for (const some of fewer) expect(some.length).toBeGreaterThan(0);
  });
});
