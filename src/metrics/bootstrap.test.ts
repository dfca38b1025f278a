import { describe, expect, it } from 'vitest';
import { classified } from '../../test/classified.js';
import { turnTaker } from '../base/turns.js';
import { bootstrapIntervals } from './bootstrap.js';
import { exampleSums } from './example-sums.js';
import { addMetrics, type Metrics } from './metrics.js';

const intervals = (metrics: Metrics, resamples: number, seed: number) =>
  bootstrapIntervals(metrics, { resamples, seed }, turnTaker());

const one = (right: boolean, lossSum: number) =>
  classified({
    examples: 1,
    correct: Number(right),
    lossSum,
    confusion: right ? [1, 0, 0, 0] : [0, 1, 0, 0],
  });

/** So many examples, of which the first are right; in two parts, as two workers evaluate them. */
function measured(examples: number, right: number): Metrics {
  const all = Array.from({ length: examples }, (_, i) => one(i < right, i % 7));
  const parts = [all.slice(0, 3), all.slice(3)].map((of) => ({ ...addMetrics(of), each: exampleSums(of) }));
  return addMetrics(parts);
}

describe('bootstrap intervals', () => {
  it('are those of the binomial for an accuracy', async () => {
    const metrics = measured(400, 300);
    const { accuracy, loss } = await intervals(metrics, 2000, 1);
    const deviation = Math.sqrt((0.75 * 0.25) / 400);
    expect(accuracy!.low).toBeCloseTo(0.75 - 1.96 * deviation, 2);
    expect(accuracy!.high).toBeCloseTo(0.75 + 1.96 * deviation, 2);
    expect(loss!.low).toBeLessThan(metrics.lossSum / 400);
    expect(loss!.high).toBeGreaterThan(metrics.lossSum / 400);
  });

  it('are the same for the same seed, and others for another', async () => {
    const metrics = measured(50, 20);
    const once = await intervals(metrics, 100, 3);
    expect(await intervals(metrics, 100, 3)).toEqual(once);
    expect(await intervals(metrics, 100, 4)).not.toEqual(once);
  });

  it('are a point where all examples are alike, and none where a figure is mostly undefined', async () => {
    expect((await intervals(measured(20, 20), 50, 1)).accuracy).toEqual({ low: 1, high: 1 });
    const metrics = measured(20, 20);
    const rules = [{ name: 'specificity' }, { name: 'sensitivity' }];
    expect(Object.keys(await intervals({ ...metrics, rules }, 50, 1))).toEqual(['specificity', 'loss']);
  });

  it('add the examples of parts in their order', () => {
    const { each } = measured(5, 2);
    expect([...each!.correct!.starts]).toEqual([0, 1, 2, 2, 2, 2]);
    expect([...each!.lossSum!.values]).toEqual([1, 2, 3, 4]);
  });
});
