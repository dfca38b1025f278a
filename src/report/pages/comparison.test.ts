import { describe, expect, it } from 'vitest';
import type { ComparedResult } from '../../experiments/compare-strategies.js';
import { classificationMetrics } from '../../metrics/classification.js';
import { parseConfiguration } from '../../protocol/configuration/configuration.js';
import { sampleOf } from '../charts/statistics.js';
import type { Words } from '../words.js';
import { comparisonOf } from './comparison.js';
import { comparisonPage } from './comparison-page.js';
import { comparisonLegend, comparisonTable } from './comparison-table.js';

const ofImages: Words = { example: 'image', examples: 'images', units: 'images' };

const settings = parseConfiguration(
  {
    partition: { name: 'v', participants: 3 },
    model: { name: 'mlp' },
    optimizer: { name: 'adam' },
    local: { epochs: 1 },
    rounds: 3,
  },
  'test',
);

/**
 * A run with these test accuracies, round by round; the copies have a tenth less with one and two
 * tenths with the other.
 */
function run(
  strategy: string,
  seed: number,
  accuracies: readonly number[],
  diverged = false,
): ComparedResult {
  const participants = ['a', 'b', 'c'].map((name) => ({
    name,
    examples: 10,
    epochs: 1,
    validation: { accuracy: 0.5 },
    test: { accuracy: 0.5 },
  }));
  const rounds = accuracies.map((accuracy, index) => ({
    round: index + 1,
    seconds: 1,
    participants,
    merged: { [strategy]: { test: { accuracy } } },
    copied: [
      { name: 'a', validation: { accuracy: accuracy - 0.1 } },
      { name: 'b', validation: { accuracy: accuracy - 0.2 } },
    ],
  }));
  const under = { round: rounds.length + 1, seconds: 1, participants, merged: {}, copied: [] };
  return {
    strategy,
    seed,
    stateBytes: 1e6,
    result: {
      dataset: 'test',
      partition: settings.partition,
      seed,
      strategy,
      settings,
      versions: {},
      metrics: classificationMetrics,
      participants: ['a', 'b', 'c'],
      attackers: ['c'],
      rounds: diverged ? [...rounds, under] : rounds,
      pooled: { test: { accuracy: 0.9 + seed / 100 } },
      stopped: { reason: diverged ? 'diverged' : 'max-rounds', round: 3 },
    },
  };
}

const runs = [
  run('mean', 0, [0.5, 0.7, 0.8]),
  run('krum', 0, [0.6, 0.75, 0.75]),
  run('mean', 1, [0.4, 0.8, 0.9]),
  run('krum', 1, [0.6, 0.69], true),
];

describe('a sample', () => {
  it('has the deviation of n − 1, and of one number none', () => {
    expect(sampleOf([2, 4, 4, 6])).toEqual({ n: 4, mean: 4, deviation: Math.sqrt(8 / 3) });
    expect(sampleOf([3])).toEqual({ n: 1, mean: 3 });
    expect(sampleOf([])).toBeUndefined();
  });
});

describe('a comparison', () => {
  const comparison = comparisonOf(runs, { value: 0.7, on: 'test' });
  const [mean, krum] = comparison.strategies;

  it('takes the accuracy of the last merged model, and differences seed by seed', () => {
    expect(mean!.test.mean).toBeCloseTo(0.85, 12);
    expect(mean!.test.deviation).toBeCloseTo(0.1 / Math.SQRT2, 12);
    expect(mean!.difference).toBeUndefined();
    // −0.05 and −0.21: their spread is less than that of the accuracies put together.
    expect(krum!.difference!.mean).toBeCloseTo(-0.13, 12);
    expect(krum!.difference!.deviation).toBeCloseTo(0.16 / Math.SQRT2, 12);
    expect(krum!.diverged).toBe(1);
    expect(comparison.pooled!.mean).toBeCloseTo(0.905, 12);
  });

  it('counts rounds and bytes to the target over the seeds that reach it', () => {
    expect(mean!.toTarget!.rounds).toEqual({ n: 2, mean: 2, deviation: 0 });
    // Two rounds, three participants, up and down.
    expect(mean!.toTarget!.bytesSent.mean).toBe(12e6);
    expect(krum!.toTarget!.rounds).toEqual({ n: 1, mean: 2 });
    // An update by fisher-mean is a state and as many numbers again.
    const fisher = comparisonOf([run('fisher-mean', 0, [0.5, 0.7])], { value: 0.7, on: 'test' });
    expect(fisher.strategies[0]!.toTarget!.bytesSent.mean).toBe(18e6);
    const never = comparisonOf(runs, { value: 0.95, on: 'test' });
    expect(never.strategies.every(({ toTarget }) => toTarget === undefined)).toBe(true);
  });

  it('measures the target on validation data where it is asked to', () => {
    const { strategies } = comparisonOf(runs, { value: 0.7, on: 'validation' });
    // 0.9 on the test images is 0.75 with the copies.
    expect(strategies[0]!.toTarget!.rounds).toEqual({ n: 1, mean: 3 });
  });

  it('takes the refitted model for the final one, and leaves rounds out that were not evaluated', () => {
    const one = run('mean', 0, [0.5, 0.6, 0.7]);
    const rounds = one.result.rounds.map((round) => ({
      ...round,
      merged:
        round.round === 2
          ? {}
          : { ...round.merged, ...(round.round === 3 && { refit: { test: { accuracy: 0.75 } } }) },
    }));
    const { strategies, runs } = comparisonOf([{ ...one, result: { ...one.result, rounds } }]);
    expect(strategies[0]!.test.mean).toBe(0.75);
    expect(strategies[0]!.byRound.map(({ round }) => round)).toEqual([1, 3]);
    expect(runs[0]!.rounds.map(({ bytesSent }) => bytesSent)).toEqual([6e6, 18e6]);
  });

  it('has for every round as many seeds as came so far', () => {
    expect(krum!.byRound.map(({ test }) => test.n)).toEqual([2, 2, 1]);
    expect(mean!.byRound.map(({ test }) => test.n)).toEqual([2, 2, 2]);
  });

  it('is a table, with what its columns mean', () => {
    expect(comparisonTable(comparison).split('\n')).toEqual([
      'strategy          test               Δ      rounds     sent  diverged',
      'mean      85.00 ± 7.07                       2 ± 0  12.0 MB    0 of 2',
      'krum      72.00 ± 4.24  −13.00 ± 11.31  2 (1 of 2)  12.0 MB    1 of 2',
      'pooled    90.50 ± 0.71',
    ]);
    const legend = comparisonLegend(comparison, ofImages, 1000);
    expect(legend).toContain('over n = 2 seeds (0, 1), mean ± sample standard deviation');
    expect(legend).toContain('Δ: the difference from mean, paired by seed');
    expect(legend).toContain('until the model’s test accuracy is 70.00%');
    expect(legend).toContain('whose last merged model counts');
  });

  it('of one strategy and one seed has neither spread nor difference', () => {
    const alone = comparisonOf([runs[0]!]);
    expect(comparisonTable(alone).split('\n')).toEqual([
      'strategy   test',
      'mean      80.00',
      'pooled    90.00',
    ]);
    expect(comparisonLegend(alone, ofImages)).not.toMatch(/deviation|Δ|until/);
  });

  it('is a page that stands alone', () => {
    const text = comparisonPage(comparison, '<network> mlp', ofImages);
    expect(text).toContain('<pre>&lt;network&gt; mlp</pre>');
    expect(text).toContain('−13.00 ± 11.31');
    expect(text).toContain('<svg');
    expect(text).not.toMatch(/<script|<link|@import/);
    expect(comparisonPage(comparison, '<network> mlp', ofImages)).toBe(text);
  });
});
