import { describe, expect, it } from 'vitest';
import { chosenBin, cutOffResult } from './cut-off.js';
import { lowerEdge, nearestBin, SCORE_BINS, type ScoreHistogram } from './score-histograms.js';

const counts = (of: Readonly<Record<number, number>>) =>
  Float64Array.from({ length: SCORE_BINS }, (_, bin) => of[bin] ?? 0);
const histogram = (
  positives: Readonly<Record<number, number>>,
  negatives: Readonly<Record<number, number>>,
): ScoreHistogram => ({ positives: counts(positives), negatives: counts(negatives) });

/** From the highest score: 2 ill, 1 well, 1 ill, 3 well, 1 ill, 2 well. */
const some = histogram({ 900: 2, 700: 1, 300: 1 }, { 800: 1, 500: 3, 100: 2 });

describe('a cut-off', () => {
  it('is the greatest with a sensitivity, and the smallest with a specificity', () => {
    const chosen = (rule: Parameters<typeof chosenBin>[1]) => chosenBin(some, rule);
    expect(chosen({ sensitivity: 0.5 })).toBe(900);
    expect(chosen({ sensitivity: 0.51 })).toBe(700);
    expect(chosen({ sensitivity: 0.75 })).toBe(700);
    expect(chosen({ sensitivity: 1 })).toBe(300);
    // Below 801 a healthy one counts as ill, below 501 three more.
    expect(chosen({ specificity: 1 })).toBe(801);
    expect(chosen({ specificity: 0.8 })).toBe(501);
    expect(chosen({ specificity: 0.3 })).toBe(101);
  });

  it('has the greatest sum of both by Youden, and of equal sums the greatest cut-off', () => {
    expect(chosenBin(some, 'youden')).toBe(700);
    expect(chosenBin(histogram({ 800: 1, 200: 1 }, { 500: 1, 100: 1 }), 'youden')).toBe(800);
  });

  it('decides so many rightly and wrongly', () => {
    expect(cutOffResult(some, 700)).toEqual({
      ...{ truePositives: 3, falsePositives: 1, falseNegatives: 1, trueNegatives: 5 },
      figures: { sensitivity: 3 / 4, specificity: 5 / 6, ppv: 3 / 4, npv: 5 / 6 },
    });
  });

  it('has no figure without examples, and is not chosen among examples of one class', () => {
    const ill = histogram({ 900: 2 }, {});
    expect(cutOffResult(ill, 901).figures).toEqual({ sensitivity: 0, npv: 0 });
    expect(cutOffResult(ill, 0).figures).toEqual({ sensitivity: 1, ppv: 1 });
    for (const rule of ['youden', { sensitivity: 0.1 }, { specificity: 0.1 }] as const) {
      expect(chosenBin(ill, rule)).toBeUndefined();
      expect(chosenBin(histogram({}, { 900: 2 }), rule)).toBeUndefined();
    }
    // Only where nothing counts as ill is nobody healthy taken for ill.
    expect(chosenBin(histogram({ 500: 1 }, { 500: 9 }), { specificity: 0.9 })).toBeUndefined();
  });

  it('is the lower edge of a bin', () => {
    expect(lowerEdge(0)).toBe(0);
    expect(lowerEdge(500)).toBe(0.5);
    for (let bin = 0; bin < SCORE_BINS; bin++) {
      expect(lowerEdge(bin + 1)).toBeGreaterThan(lowerEdge(bin));
      expect(nearestBin(lowerEdge(bin))).toBe(bin);
    }
  });
});
