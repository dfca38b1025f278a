/**
 * Every metric against scikit-learn's on the same predictions, by ONNX Runtime and in batches with
 * empty places: test/fixtures/metrics/record.py has recorded them.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  measuredPredictions,
  type Predictions,
  type TaskName,
  taskOf,
} from '../../../../test/measured-predictions.js';
import { calibrationCurve } from '../../../metrics/calibration.js';
import { chosenBin, cutOffResult, type DecisionRule } from '../../../metrics/cut-off.js';
import { outcomesOf } from '../../../metrics/known-figures.js';
import { addMetrics, figuresOfSums, type Metrics } from '../../../metrics/metrics.js';
import { f1Scores, meanOfDefined, precisions, recalls, supports } from '../../../metrics/outcomes.js';
import {
  type Area,
  areaUnderRoc,
  averagePrecision,
  histogramsOf,
  lowerEdge,
  nearestBin,
  type ScoreHistogram,
} from '../../../metrics/score-histograms.js';
import { numberLossOf } from '../by-name.js';
import { classification } from './classification.js';
import { regression } from './regression.js';
import type { Task } from './task.js';

interface Recorded extends Predictions {
  readonly name: string;
  readonly task: TaskName;
  readonly figures: Record<string, number>;
  readonly classes?: { examples: number; precision?: number; recall?: number; f1?: number }[];
  /** Sensitivity and specificity by each rule, on the scores and on their bins. */
  readonly 'cut-offs'?: { rule: DecisionRule; scores?: [number, number]; bins?: [number, number] }[];
  readonly calibration?: [examples: number, predicted: number, observed: number][];
}

const file = new URL('../../../../test/fixtures/metrics/recorded.json', import.meta.url);
const { cases }: { cases: Recorded[] } = JSON.parse(readFileSync(file, 'utf8'));

const AREAS = ['auroc', 'average-precision'];
const COUNTS = [
  'accuracy',
  'balanced-accuracy',
  'f1-macro',
  'f1-weighted',
  'exact-match',
  'sensitivity',
  'specificity',
];

function taskOfCase({ task, figures }: Recorded, outputs: number): Task {
  if (task === 'regression') return taskOf(task, outputs, ['rmse', 'mae', 'r2']);
  const metrics = Object.keys(figures);
  return taskOf(task, outputs, [...metrics, ...AREAS.filter((name) => !metrics.includes(name))]);
}

/** In two parts, as two owners have them. */
async function measured({ examples, outputs, targets }: Recorded, task: Task): Promise<Metrics> {
  const third = Math.ceil(examples / 3);
  const [width, each] = [outputs.length / examples, targets.length / examples];
  const part = (from: number, to: number): Predictions => ({
    examples: to - from,
    outputs: outputs.slice(from * width, to * width),
    targets: targets.slice(from * each, to * each),
  });
  const parts = [part(0, third), part(third, examples)].filter((one) => one.examples > 0);
  return addMetrics(await measuredPredictions(task, parts));
}

const areaOf = (metrics: Metrics, of: typeof areaUnderRoc): Area => {
  const areas = histogramsOf(metrics.sums.scores!).map(of);
  return {
    value: meanOfDefined(areas.map(({ value }) => value)),
    resolution: meanOfDefined(areas.map(({ resolution }) => resolution)),
  };
};

describe('the metrics are those of scikit-learn', () => {
  it.each(cases)('for $name ($task)', async (recorded) => {
    const task = taskOfCase(recorded, recorded.outputs.length / recorded.examples);
    const metrics = await measured(recorded, task);
    const figures = figuresOfSums(metrics);
    for (const [name, expected] of Object.entries(recorded.figures)) {
      if (/ |squared/.test(name) || AREAS.includes(name)) continue;
      const within = COUNTS.includes(name) ? 1e-9 : 1e-6 * Math.max(1, Math.abs(expected));
      expect(Math.abs(figures[name]! - expected), `${name} is ${figures[name]}`).toBeLessThanOrEqual(within);
    }
    if (recorded.task === 'regression') {
      expect(Number.isFinite(figures.r2)).toBe(recorded.figures.r2 !== undefined);
      return;
    }
    for (const [name, of] of [
      ['auroc', areaUnderRoc] as const,
      ['average-precision', averagePrecision] as const,
    ]) {
      const { value, resolution } = areaOf(metrics, of);
      const expected = recorded.figures[name];
      expect(figures[name]).toEqual(value);
      if (expected === undefined) expect(value).toBeNaN();
      else {
        // Rounding to float32 may move a score over the edge of a bin, by one neighbour at most.
        expect(Math.abs(value - expected), `${name} is ${value}`).toBeLessThanOrEqual(resolution + 1e-6);
        if (!/tie|equal/.test(recorded.name)) expect(resolution).toBeLessThan(0.1);
      }
    }
  });

  const withClasses = cases.filter(({ classes }) => classes);
  it.each(withClasses)('for each class of $name', async (recorded) => {
    const metrics = await measured(recorded, taskOfCase(recorded, recorded.classes!.length));
    const outcomes = outcomesOf(metrics.sums);
    const ours = { precision: precisions(outcomes), recall: recalls(outcomes), f1: f1Scores(outcomes) };
    expect(supports(outcomes)).toEqual(recorded.classes!.map(({ examples }) => examples));
    recorded.classes!.forEach((expected, label) => {
      for (const name of ['precision', 'recall', 'f1'] as const) {
        const value = ours[name][label]!;
        if (expected[name] === undefined) expect(value).toBeNaN();
        else expect(value).toBeCloseTo(expected[name], 9);
      }
    });
    const curve = calibrationCurve(metrics.sums.calibration!);
    expect(curve.map(({ examples }) => examples)).toEqual(recorded.calibration!.map(([n]) => n));
    curve.forEach(({ predicted, observed }, bin) => {
      expect(predicted).toBeCloseTo(recorded.calibration![bin]![1], 6);
      expect(observed).toBeCloseTo(recorded.calibration![bin]![2], 9);
    });
  });

  const decided = cases.filter((recorded) => recorded['cut-offs']);
  it.each(decided)('at the cut-offs of $name', async (recorded) => {
    // The scores are counted for the cut-off alone.
    const { sums } = await measured(recorded, classification({ classes: 2, isScored: true }));
    const [histogram] = histogramsOf(sums.scores!) as [ScoreHistogram];
    expect(recorded['cut-offs']).toHaveLength(5);
    for (const { rule, scores, bins } of recorded['cut-offs']!) {
      const bin = chosenBin(histogram, rule);
      expect(bin === undefined, JSON.stringify(rule)).toBe(bins === undefined);
      if (bin === undefined) continue;
      expect(nearestBin(lowerEdge(bin))).toBe(bin);
      const { sensitivity, specificity } = cutOffResult(histogram, bin).figures;
      expect(sensitivity, JSON.stringify(rule)).toBeCloseTo(bins![0], 9);
      expect(specificity, JSON.stringify(rule)).toBeCloseTo(bins![1], 9);
      // Bins lose what lies within one of them; all scores of "all …" are nearly the same.
      if (/^all/.test(recorded.name)) continue;
      expect(Math.abs(sensitivity! - scores![0])).toBeLessThan(0.05);
      expect(Math.abs(specificity! - scores![1])).toBeLessThan(0.05);
    }
  });

  it.each([
    ['quantile 0.9', { name: 'quantile', quantile: 0.9 }],
    ['quantile 0.5', { name: 'quantile', quantile: 0.5 }],
    ['huber 0.5', { name: 'huber', delta: 0.5 }],
    ['mean-squared-error', { name: 'mean-squared-error' }],
  ] as const)('for the loss %s of a regression', async (name, settings) => {
    for (const recorded of cases.filter(({ task }) => task === 'regression')) {
      const task = regression({ target: { name: 'y', shape: [] }, loss: numberLossOf(settings) });
      expect(figuresOfSums(await measured(recorded, task)).loss).toBeCloseTo(recorded.figures[name]!, 6);
    }
  });

  it('and undefined where nothing was counted', async () => {
    const [recorded] = cases;
    const metrics = await measured(recorded!, taskOfCase(recorded!, 2));
    const none = Object.entries(metrics.sums).map(
      ([name, { length }]) => [name, new Float64Array(length)] as const,
    );
    const { loss, ...others } = figuresOfSums({
      ...{ ...metrics, examples: 0, counted: 0, lossSum: 0 },
      sums: Object.fromEntries(none),
    });
    expect(loss).toBe(0);
    for (const figure of Object.values(others)) expect(figure).toBeNaN();
  });
});
