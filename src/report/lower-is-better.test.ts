/** A run whose metric is better the lower it is, in everything that is shown of it. */
import { describe, expect, it } from 'vitest';
import { recordedRun } from '../../test/recorded-run.js';
import { metricsCsv } from '../federation/record/run-result.js';
import { statusOf } from '../federation/rounds/status.js';
import type { TaskMetrics } from '../metrics/metric.js';
import { metricFigures } from '../pages/watch/figures/metric-figures.js';
import { comparisonOf } from './pages/comparison.js';
import { comparisonLegend, comparisonTable } from './pages/comparison-table.js';
import { runMarkdown } from './pages/run-markdown.js';
import { runPage } from './pages/run-page.js';
import { roundsLegend, roundsTable } from './sections/rounds-table.js';
import { findings } from './text/findings.js';
import { heldBack } from './text/held-back.js';
import { outcome } from './text/outcome.js';
import { statusLines } from './text/status-lines.js';
import { anyWords } from './words.js';

const metrics: TaskMetrics = [
  { name: 'rmse', label: 'RMSE', better: 'lower', format: 'number', unit: 'km' },
  { name: 'loss', better: 'lower', format: 'number' },
];
const configuration = { compare: ['median', 'max'] };
const merged = { mean: 4, median: 5, max: 9 };
const rounds = [
  { own: [7, 6.5], copies: [5, 6], ownTest: [6, 7], merged, pooled: 3.5 },
  { own: [5, 6], copies: [3, 5], ownTest: [5, 5.5], merged, pooled: 3.5 },
];
const run = recordedRun({ metrics, configuration, rounds, reference: 3.2 });

describe('a run of a metric of which lower is better', () => {
  it('says who holds the end back: the one whose figure is above the reference, and most so', () => {
    const [first, cost, trend] = heldBack(run);
    expect(first).toContain('environment-2 is the last participant above the reference');
    expect(first).toContain('5 km on its validation examples, 1.8 km above 3.2 km');
    expect(first).toContain('Every other copy reaches it');
    expect(cost).toContain('the merge helps it, by 1 km');
    // From 6 to 5: 1.8 km are left, at 1 km a round.
    expect(trend).toContain('from 6 km to 5 km, 1 km per round');
    expect(trend).toContain('2 more rounds');
  });

  it('ends when every copy is at or below the reference', () => {
    const passing = recordedRun({
      ...{ metrics, reference: 3.2 },
      rounds: [...rounds, { own: [4, 4], copies: [3.2, 3], ownTest: [4, 4], merged }],
    });
    expect(passing.state.stopped).toBe('every-participant-passed');
    expect(outcome(passing.result, anyWords)[0]).toContain('reaches the reference 3.2 km');
    expect(heldBack(passing)[0]).toContain('environment-2, with 5 km in round 2 and 3 km');
    expect(run.state.stopped).toBeUndefined();
  });

  it('ranks the lowest first, and calls what is far above the own models collapsed', () => {
    const texts = findings(run).map(({ text }) => text);
    expect(texts.find((text) => text.includes('is the best of'))).toMatch(
      /mean is the best of 3 .* with RMSE 4 km, before median \(5 km\), max \(9 km\)/,
    );
    const collapsed = texts.find((text) => text.includes('collapsed'));
    expect(collapsed).toMatch(/^max collapsed in round 2: .*50% above.* with 9 km against 5 km/);
    expect(texts.find((text) => text.startsWith('Pooled'))).toContain(
      'has RMSE 3.5 km; the merged model is 0.5 km above',
    );
  });

  it('is named, with its unit, in tables for a terminal and in the files', () => {
    const { participants } = run.result;
    const options = { participants, strategies: ['mean', 'median', 'max'], metric: metrics[0] };
    const [, , second] = roundsTable(run.result.rounds, options).split('\n');
    expect(second).toMatch(/^2 +5 \(5\) +6 \(5\.5\) +4 +5 +9 +3 +5 /);
    expect(roundsLegend(run.result.rounds, { ...options, width: 500 })).toMatch(/validation RMSE.*all in km/);
    const [head, ...lines] = metricsCsv(run.result).trimEnd().split('\n');
    expect(head).toBe('round,model,set,rmse,loss');
    expect(lines).toContain('1,environment-1,validation,7,');
    expect(lines).toContain('2,copy at environment-2,validation,5,');
    expect(run.result.metrics).toEqual(metrics);
    expect(run.result.rounds[1]?.copied[0]).toEqual({ name: 'environment-1', validation: { rmse: 3 } });
    const lined = statusLines(statusOf(run.state), new Date(0)).join('\n');
    expect(lined).toContain('the last merged model on the test examples: RMSE 4 km');
    expect(lined).toMatch(/environment-2 .* 5 km/);
  });

  it('is a report of that metric, without figures of classes', () => {
    for (const text of [runPage(run, new Map()), runMarkdown(run)]) {
      expect(text).toMatch(/RMSE( \(km\))? by round/);
      expect(text).not.toMatch(/accuracy|Accuracy|points|Who holds what|taken for/);
    }
    expect(runPage(run, new Map())).toContain('lower is better');
  });

  it('is drawn on the dashboard with its reference and its numbers', () => {
    const overview = {
      ...{ configuration: run.configuration, participants: [...run.result.participants] },
      ...{ metrics: [...metrics] as [(typeof metrics)[0], ...(typeof metrics)[0][]], testExamples: true },
    };
    const views = run.result.rounds.map((result) => ({ result }));
    const { test, validation } = metricFigures(overview, views, []);
    expect(test.numbers.rows[1]?.values).toEqual([4, 5, 9, 5, 5.5]);
    expect(validation.numbers.rows[1]?.values).toEqual([3, 5, 5, 6, 3.2]);
    expect(validation.format(3.2)).toBe('3.2 km');
    expect(validation.caption).toContain('lower is better');
  });

  it('reaches the target of a comparison from above', () => {
    const compared = (strategy: string, figures: readonly number[]) => ({
      ...{ strategy, seed: 0, stateBytes: 4 },
      result: {
        ...run.result,
        rounds: figures.map((rmse, index) => ({
          ...{ round: index + 1, seconds: 1, participants: run.result.rounds[0]!.participants, copied: [] },
          merged: { [strategy]: { test: { rmse } } },
        })),
      },
    });
    const comparison = comparisonOf([compared('mean', [5, 3, 2]), compared('median', [6, 5, 4])], {
      ...{ value: 3, on: 'test' },
    });
    const [mean, median] = comparison.strategies;
    expect(mean?.toTarget?.rounds.mean).toBe(2);
    expect(median?.toTarget).toBeUndefined();
    expect(comparisonTable(comparison)).toMatch(/median +4 +\+2 +not reached/);
    expect(comparisonLegend(comparison, anyWords)).toMatch(/RMSE of the final model.*in km/);
  });
});
