import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { chosenMetrics } from '../known-metrics.js';
import type { Metrics } from '../metrics.js';
import { areaUnderRoc, histogramsOf, SCORE_BINS } from '../score-histograms.js';
import { withoutSmallCounts } from './hidden-counts.js';
import { type SharedSums, sharedSums, sumsOfShared } from './shared-sums.js';
import { sharedSumsProblem } from './sums-problem.js';
import { figuresTogether } from './together.js';

const sizes = { confusion: 4, scores: 2 * SCORE_BINS, brier: 1, correct: 1 };
const measured = { sizes, mostUnits: 1 };

/** Of so many examples, of which about half are positive and score higher. */
function metricsOf(examples: number, seed: number, positives = 0.5): Metrics {
  const stream = randomStream('shared sums', seed);
  const [scores, confusion] = [new Float64Array(2 * SCORE_BINS), new Float64Array(4)];
  for (let i = 0; i < examples; i++) {
    const kind = i < examples * positives ? 1 : 0;
    const bin = 200 * kind + stream.integer(600);
    scores[kind * SCORE_BINS + bin] = (scores[kind * SCORE_BINS + bin] as number) + 1;
    const cell = 2 * kind + Number(bin >= 400);
    confusion[cell] = (confusion[cell] as number) + 1;
  }
  const correct = Float64Array.of((confusion[0] as number) + (confusion[3] as number));
  const sums = { confusion, scores, brier: Float64Array.of(examples / 5), correct };
  return { examples, counted: examples, lossSum: examples / 2, sums, rules: [] };
}

/** Scores of two classes that overlap as those of a usual model do: log-odds of 1 and −1, ± 1.4. */
function overlapping(examples: number, seed: number): Float64Array {
  const stream = randomStream('overlapping scores', seed);
  const scores = new Float64Array(2 * SCORE_BINS);
  for (let i = 0; i < examples; i++) {
    const kind = Number(i < 0.4 * examples);
    const odds = 1.4 * stream.normal() + 2 * kind - 1;
    const at = kind * SCORE_BINS + Math.floor(SCORE_BINS / (1 + Math.exp(-odds / 4)));
    scores[at] = (scores[at] as number) + 1;
  }
  return scores;
}

const shared = (metrics: Metrics, smallestCount: number) =>
  sharedSums(metrics, { smallestCount }) as SharedSums;

describe('shared sums', () => {
  it('are all sums as they are where nothing is hidden', () => {
    const metrics = metricsOf(60, 1);
    expect(sumsOfShared(shared(metrics, 1))).toEqual(metrics.sums);
  });

  it('have no count below the smallest one, keep their totals, and nearly the area', () => {
    for (let seed = 1; seed < 40; seed++) {
      const metrics = metricsOf(30 + 10 * seed, seed);
      const sums = sumsOfShared(shared(metrics, 5));
      const [exact] = histogramsOf(metrics.sums.scores!);
      const [coarse] = histogramsOf(sums.scores!);
      for (const kind of ['positives', 'negatives'] as const) {
        const total = (of: Float64Array) => of.reduce((a, b) => a + b, 0);
        expect(total(coarse![kind])).toBe(total(exact![kind]));
        expect(Math.min(...coarse![kind].filter((count) => count > 0))).toBeGreaterThanOrEqual(5);
      }
      expect(Math.abs(areaUnderRoc(coarse!).value - areaUnderRoc(exact!).value)).toBeLessThan(0.05);
      const small = metrics.sums.confusion!.some((count) => count > 0 && count < 5);
      expect(sums.confusion).toEqual(small ? undefined : metrics.sums.confusion);
      expect(sharedSumsProblem(shared(metrics, 5), metrics.examples, measured)).toBeUndefined();
    }
  });

  it.each([
    [30, 0.063, 0.21],
    [60, 0.017, 0.06],
    [150, 0.006, 0.023],
    [400, 0.002, 0.008],
  ])(
    'of one owner of %d examples give an AUROC that is too high, by less than %d on average',
    (examples, most, ever) => {
      const apart = Array.from({ length: 100 }, (_, seed) => {
        const scores = overlapping(examples, seed);
        const [exact] = histogramsOf(scores);
        const [coarse] = histogramsOf(withoutSmallCounts({ scores }, examples, 5).scores!);
        return areaUnderRoc(coarse!).value - areaUnderRoc(exact!).value;
      });
      const mean = apart.reduce((a, b) => a + b, 0) / apart.length;
      expect(mean).toBeGreaterThan(0);
      expect(mean).toBeLessThan(most);
      expect(Math.max(...apart.map(Math.abs))).toBeLessThan(ever);
    },
  );

  it('are left out where a class is too small, and altogether where all examples are too few', () => {
    const few = metricsOf(100, 3, 0.02);
    expect(Object.keys(shared(few, 5).sums)).toEqual(['brier', 'correct']);
    expect(sharedSums(metricsOf(4, 1), { smallestCount: 5 })).toBeUndefined();
  });

  it('leave out the largest sum where they would be too large to send', () => {
    expect(Object.keys(sharedSums(metricsOf(60, 1), { smallestCount: 1 }, 10)!.sums)).not.toContain('scores');
  });

  it.each<[string, (sums: SharedSums) => SharedSums, RegExp]>([
    ['another size', (of) => with_(of, 'confusion', { size: 9 }), /"confusion" has 9 values, expected 4/],
    ['a name that is not measured', (of) => ({ ...of, sums: { squares: of.sums.brier! } }), /"squares"/],
    ['half an example', (of) => with_(of, 'confusion', { places: [0], values: [59.5] }), /not a whole/],
    [
      'more examples',
      (of) => with_(of, 'confusion', { places: [0], values: [61] }),
      /counts 61, expected 60/,
    ],
    ['places out of order', (of) => with_(of, 'confusion', { places: [1, 0], values: [30, 30] }), /in order/],
    ['too large an error', (of) => with_(of, 'brier', { places: [0], values: [130] }), /"brier" is 130/],
    ['more units than examples', (of) => ({ ...of, counted: 70 }), /count 70 units of 60 examples/],
  ])('are refused with %s', (_, changed, message) => {
    expect(sharedSumsProblem(changed(shared(metricsOf(60, 1), 1)), 60, measured)).toMatch(message);
  });

  const with_ = (of: SharedSums, name: string, change: object): SharedSums => ({
    ...of,
    sums: { ...of.sums, [name]: { ...of.sums[name]!, ...change } },
  });

  it('come together to the figures of all examples, each of those who share what it needs', () => {
    const parts = [metricsOf(60, 1), metricsOf(300, 2), metricsOf(100, 3, 0)];
    const metrics = chosenMetrics('classification', ['accuracy', 'auroc', 'sensitivity']);
    const all = figuresTogether(
      parts.map((one) => shared(one, 1)),
      metrics,
    );
    const right = parts.reduce((sum, { sums }) => sum + sums.correct![0]!, 0);
    expect(all.accuracy).toEqual({ figure: right / 460, participants: 3 });
    expect(all.loss).toEqual({ figure: 0.5, participants: 3 });
    expect(figuresTogether([shared(parts[2]!, 1)], metrics).auroc).toEqual({ participants: 1 });
    const [hidden] = [shared(metricsOf(100, 3, 0.02), 5)];
    expect(figuresTogether([shared(parts[0]!, 1), hidden], metrics).auroc?.participants).toBe(1);
  });
});
