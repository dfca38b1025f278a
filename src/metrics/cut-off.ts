/**
 * The cut-off of a model of two classes: the probability of the positive one from which on an
 * example counts as positive. It is chosen on score histograms (`score-histograms.ts`), so the
 * scores of several owners need only be added. It is the lower edge of a bin.
 */
import type { z } from 'zod';
import type { decisionResultSchema, decisionSchema } from './schemas.js';
import { SCORE_BINS, type ScoreHistogram } from './score-histograms.js';

/**
 * By which a cut-off is chosen: the greatest one with at least that sensitivity; the smallest one
 * with at least that specificity; or the one with the greatest sum of both (Youden 1950), and of
 * equal sums the greatest.
 */
export type DecisionRule = Readonly<z.output<typeof decisionSchema>>;

/** A cut-off, the rule by which it was chosen, and what it comes to. */
export type Decision = Readonly<z.output<typeof decisionResultSchema>>;

/** What a cut-off comes to on some examples. */
export type CutOffResult = Readonly<Decision['validation']>;

/** The figures at a cut-off, in the order in which they are shown. */
export const CUT_OFF_FIGURES = ['sensitivity', 'specificity', 'ppv', 'npv'] as const;

/** Sums of rounded quotients are equal within this. */
const ROUNDING = 1e-12;

/**
 * The first bin that counts as positive. Undefined with examples of one class only, or if nothing
 * is positive at every cut-off with that specificity.
 */
export function chosenBin(histogram: ScoreHistogram, rule: DecisionRule): number | undefined {
  const { truePositives, falsePositives } = cutOffResult(histogram, 0);
  if (truePositives === 0 || falsePositives === 0) return undefined;
  let chosen: number | undefined;
  let most = Number.NEGATIVE_INFINITY;
  for (let bin = SCORE_BINS - 1; bin >= 0; bin--) {
    const { figures, truePositives, falsePositives } = cutOffResult(histogram, bin);
    if (truePositives + falsePositives === 0) continue;
    const { sensitivity = 0, specificity = 0 } = figures;
    if (rule === 'youden') {
      if (sensitivity + specificity > most + ROUNDING) [chosen, most] = [bin, sensitivity + specificity];
    } else if ('sensitivity' in rule) {
      if (sensitivity >= rule.sensitivity - ROUNDING) return bin;
    } else if (specificity >= rule.specificity - ROUNDING) chosen = bin;
  }
  return chosen;
}

/**
 * The counts and figures if the bins from `first` on count as positive: sensitivity TP/(TP + FN)
 * and specificity TN/(TN + FP); and the part that is so of those that count as positive, PPV
 * TP/(TP + FP), or as negative, NPV TN/(TN + FN).
 */
export function cutOffResult({ positives, negatives }: ScoreHistogram, first: number): CutOffResult {
  const [falseNegatives, trueNegatives] = [sum(positives, 0, first), sum(negatives, 0, first)];
  const [truePositives, falsePositives] = [sum(positives, first), sum(negatives, first)];
  const part = (name: (typeof CUT_OFF_FIGURES)[number], right: number, wrong: number) =>
    right + wrong === 0 ? {} : { [name]: right / (right + wrong) };
  return {
    ...{ truePositives, falsePositives, falseNegatives, trueNegatives },
    figures: {
      ...part('sensitivity', truePositives, falseNegatives),
      ...part('specificity', trueNegatives, falsePositives),
      ...part('ppv', truePositives, falsePositives),
      ...part('npv', trueNegatives, falseNegatives),
    },
  };
}

function sum(counts: Float64Array, from: number, to = counts.length): number {
  let total = 0;
  for (let bin = from; bin < to; bin++) total += counts[bin] as number;
  return total;
}
