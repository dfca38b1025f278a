import { describe, expect, it } from 'vitest';
import type { Figures, TaskMetrics } from './metric.js';
import {
  fallsShort,
  reached,
  shortfall,
  type TargetSetting,
  targetOf,
  targetProblem,
  writtenTarget,
} from './target.js';

const higher: TaskMetrics = [
  { name: 'accuracy', better: 'higher', format: 'percent' },
  { name: 'loss', better: 'lower', format: 'number' },
];
const lower: TaskMetrics = [
  { name: 'rmse', label: 'RMSE', better: 'lower', format: 'number', unit: 'km' },
  { name: 'r2', better: 'higher', format: 'number' },
];

describe('a target', () => {
  it('that is a number is of the main metric, in its direction', () => {
    const accuracy = targetOf(0.9, higher);
    expect([0.89, 0.9, 1].map((value) => reached({ accuracy: value }, accuracy))).toEqual([
      false,
      true,
      true,
    ]);
    const rmse = targetOf(3.2, lower);
    expect([3.3, 3.2, 0].map((value) => reached({ rmse: value }, rmse))).toEqual([false, true, true]);
    expect(shortfall({ accuracy: 0.75 }, targetOf(1, higher))).toBe(0.25);
    expect(shortfall({ rmse: 4 }, targetOf(3, lower))).toBe(1);
  });

  it('may name its metric', () => {
    const target = targetOf({ metric: 'r2', atLeast: 0.5 }, lower);
    expect(reached({ rmse: 100, r2: 0.6 }, target)).toBe(true);
    expect(reached({ rmse: 0, r2: 0.4 }, target)).toBe(false);
    expect(writtenTarget(target, lower)).toBe('r2 0.5');
    expect(writtenTarget(targetOf(3.2, lower), lower)).toBe('3.2 km');
    expect(writtenTarget(targetOf(0.91, higher), higher)).toBe('91.00%');
  });

  it('is neither reached nor missed by a figure that the examples do not define', () => {
    const metrics: TaskMetrics = [{ name: 'auroc', better: 'higher', format: 'fraction' }];
    const target = targetOf(0.8, metrics);
    const all: Figures[] = [{ loss: 1 }, { auroc: 0.7 }, { auroc: 0.8 }];
    expect(all.map((one) => fallsShort(one, target))).toEqual([false, true, false]);
    expect(reached({ loss: 1 }, target)).toBe(false);
    // Every example defines an accuracy, so one without it has not reached anything.
    expect(fallsShort({ loss: 1 }, targetOf(0.8, higher))).toBe(true);
  });

  it('is not reached by a figure that nobody knows', () => {
    expect(reached({}, targetOf(3.2, lower))).toBe(false);
    expect(reached({ rmse: Number.NaN }, targetOf(3.2, lower))).toBe(false);
  });

  const wrong: [TargetSetting, TaskMetrics, RegExp, RegExp | undefined][] = [
    [1.2, higher, /"reference" is 1.2, expected .*0 to 1/, undefined],
    [91, higher, /"reference" is 91/, /0\.91/],
    [
      { metric: 'rmes', atMost: 1 },
      lower,
      /"reference.metric" is "rmes", expected one of rmse, r2/,
      undefined,
    ],
    [{ metric: 'rmse', atLeast: 1 }, lower, /"reference.atLeast" is 1, expected "atMost"/, /atMost: 1/],
    [{ metric: 'accuracy', atMost: 0.5 }, higher, /"reference.atMost".*"atLeast"/, /atLeast: 0.5/],
    [
      { metric: 'rmse', atLeast: 1, atMost: 2 },
      lower,
      /"reference.atLeast" is 1, expected "atMost" alone/,
      /atMost: 2/,
    ],
    [{ metric: 'rmse' }, lower, /"reference.atMost" is missing/, /atMost/],
    [{ metric: 'accuracy', atLeast: 2 }, higher, /"reference.atLeast" is 2, expected .*0 to 1/, undefined],
  ];
  it.each(wrong)('%j of a task is refused, where it cannot be reached', (setting, metrics, message, hint) => {
    const problem = targetProblem('reference', setting, metrics);
    expect(problem?.message).toMatch(message);
    if (hint !== undefined) expect(problem?.hint).toMatch(hint);
  });

  it('is accepted where it can be reached', () => {
    for (const setting of [0, 0.9, 1, { metric: 'accuracy', atLeast: 0.9 }, { metric: 'loss', atMost: 3 }])
      expect(targetProblem('reference', setting, higher)).toBeUndefined();
    for (const setting of [0, 200, -1]) expect(targetProblem('reference', setting, lower)).toBeUndefined();
  });
});
