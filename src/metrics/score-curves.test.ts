import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scoreDetailsSchema } from '../protocol/round-details.js';
import { CURVE_GRID, precisionRecallCurve, rocCurve } from './score-curves.js';
import { scoreDetailsOf } from './score-details.js';
import { areaUnderRoc, averagePrecision, SCORE_BINS, type ScoreHistogram } from './score-histograms.js';

/** From the lowest score; true for a positive example. */
function histogramOf(
  scores: readonly { readonly bin: number; readonly positive: boolean }[],
): ScoreHistogram {
  const [positives, negatives] = [new Float64Array(SCORE_BINS), new Float64Array(SCORE_BINS)];
  for (const { bin, positive } of scores) (positive ? positives : negatives)[bin]! += 1;
  return { positives, negatives };
}
const score = fc.record({ bin: fc.integer({ min: 0, max: SCORE_BINS - 1 }), positive: fc.boolean() });
const at = (bin: number, positive: boolean) => ({ bin, positive });

describe('areas of score histograms', () => {
  it('are what counting every pair gives, and pairs in one bin count half', () => {
    fc.assert(
      fc.property(fc.array(score, { maxLength: 60 }), (scores) => {
        const positives = scores.filter(({ positive }) => positive);
        const negatives = scores.filter(({ positive }) => !positive);
        const won = positives.flatMap((p) => negatives.map((n) => (Math.sign(p.bin - n.bin) + 1) / 2));
        const { value } = areaUnderRoc(histogramOf(scores));
        if (won.length === 0) expect(value).toBeNaN();
        else expect(value).toBeCloseTo(won.reduce((a, b) => a + b, 0) / won.length, 12);
      }),
    );
  });

  it('of finer scores lie within the resolution', () => {
    fc.assert(
      fc.property(fc.array(score, { minLength: 2, maxLength: 80 }), (scores) => {
        const fine = histogramOf(scores);
        const coarse = histogramOf(scores.map(({ bin, positive }) => at(bin - (bin % 50), positive)));
        for (const of of [areaUnderRoc, averagePrecision]) {
          const [exact, rough] = [of(fine), of(coarse)];
          if (Number.isNaN(exact.value)) expect(rough.value).toBeNaN();
          else expect(Math.abs(exact.value - rough.value)).toBeLessThanOrEqual(rough.resolution + 1e-12);
        }
      }),
    );
  });
});

describe('curves of score histograms', () => {
  it('go through their thresholds', () => {
    const histogram = histogramOf([at(9, true), at(8, false), at(7, true), at(6, false)]);
    const roc = rocCurve(histogram)!;
    expect([roc[0], roc[24], roc[25], roc[26], roc[50]]).toEqual([0.5, 0.5, 1, 1, 1]);
    const precision = precisionRecallCurve(histogram)!;
    expect([precision[0], precision[25], precision[26], precision[50]]).toEqual([1, 1, 0.6667, 0.6667]);
  });

  it('are straight between thresholds, so equal scores give the diagonal', () => {
    const roc = rocCurve(histogramOf([at(3, true), at(3, false)]))!;
    roc.forEach((rate, k) => {
      expect(rate).toBeCloseTo(CURVE_GRID[k]!, 4);
    });
  });

  it('rise, stay between 0 and 1, and are not there for one kind of example', () => {
    fc.assert(
      fc.property(fc.array(score, { minLength: 1, maxLength: 60 }), (scores) => {
        const roc = rocCurve(histogramOf(scores));
        const kinds = new Set(scores.map(({ positive }) => positive)).size;
        expect(roc !== undefined).toBe(kinds === 2);
        roc?.forEach((rate, k) => {
          expect(rate).toBeGreaterThanOrEqual(roc[k - 1] ?? 0);
        });
        if (roc) expect(roc.at(-1)).toBe(1);
        expect(precisionRecallCurve(histogramOf(scores)) !== undefined).toBe(
          scores.some(({ positive }) => positive),
        );
      }),
    );
  });
});

describe('what is described of a model', () => {
  const scores = (classes: number) => {
    const sums = new Float64Array(2 * classes * SCORE_BINS);
    for (let c = 0; c < classes; c++) sums[2 * c * SCORE_BINS] = sums[2 * c * SCORE_BINS + 1999] = 3;
    return sums;
  };

  it('is nothing where only classes were counted', () => {
    expect(scoreDetailsOf({ sums: { confusion: new Float64Array(4) } })).toBeUndefined();
  });

  it.each([
    [1, true],
    [7, true],
    [8, false],
  ])('has the areas of %i scored classes, and curves of few: %s', (classes, drawn) => {
    const described = scoreDetailsOf({ sums: { scores: scores(classes) } })!;
    expect(described.scored).toHaveLength(classes);
    expect(described.scored![0]).toMatchObject({ category: classes === 1 ? 1 : 0, auroc: [1, 0] });
    expect(described.scored![0]!.roc?.length).toBe(drawn ? CURVE_GRID.length : undefined);
    expect(scoreDetailsSchema.parse(JSON.parse(JSON.stringify(described)))).toEqual(described);
  });

  it('lacks an area that is undefined', () => {
    const one = scores(1);
    one[1999] = 0;
    const [scored] = scoreDetailsOf({ sums: { scores: one } })!.scored!;
    expect(scored).toEqual({ category: 1 });
  });
});
