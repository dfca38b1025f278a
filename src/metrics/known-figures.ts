/**
 * The formulas of the metrics of `known-metrics.ts` whose figures are computed here, and not by a
 * graph of the task: from the sums over all examples to one number, NaN where it is undefined.
 */
import { calibrationError } from './calibration.js';
import {
  accuracyOf,
  f1Scores,
  intersectionsOverUnions,
  meanBySupport,
  meanOfDefined,
  type Outcomes,
  outcomesOfConfusion,
  outcomesOfLabels,
  partRight,
  recalls,
} from './outcomes.js';
import { areaUnderRoc, averagePrecision, histogramsOf } from './score-histograms.js';

export type Sums = Readonly<Record<string, Float64Array>>;

/** By name; an accuracy is here for labels that do not exclude each other. */
const figures: Readonly<Record<string, (sums: Sums, counted: number) => number>> = {
  accuracy: (sums) => accuracyOf(outcomesOf(sums)),
  'exact-match': (sums, counted) => (sumOf(sums, 'exact')[0] as number) / counted,
  'balanced-accuracy': (sums) => meanOfDefined(recalls(outcomesOf(sums))),
  'f1-macro': (sums) => meanOfDefined(f1Scores(outcomesOf(sums))),
  'f1-weighted': (sums) => meanBySupport(f1Scores(outcomesOf(sums)), outcomesOf(sums)),
  sensitivity: (sums) => recalls(outcomesOf(sums))[1] as number,
  specificity: (sums) => recalls(outcomesOf(sums))[0] as number,
  auroc: (sums) => meanOfDefined(histogramsOf(sumOf(sums, 'scores')).map((one) => areaUnderRoc(one).value)),
  'average-precision': (sums) =>
    meanOfDefined(histogramsOf(sumOf(sums, 'scores')).map((one) => averagePrecision(one).value)),
  brier: (sums, counted) => (sumOf(sums, 'brier')[0] as number) / counted,
  iou: (sums) => meanOfDefined(intersectionsOverUnions(outcomesOf(sums))),
  dice: (sums) => meanOfDefined(f1Scores(outcomesOf(sums))),
  'pixel-accuracy': (sums) => partRight(outcomesOf(sums)),
  'calibration-error': (sums) => calibrationError(sumOf(sums, 'calibration')),
};

export const isKnownFigure = (name: string): boolean => Object.hasOwn(figures, name);

/** The figure of that name; NaN if it is undefined for these sums. */
export function knownFigure(name: string, sums: Sums, counted: number): number {
  const figure = figures[name];
  if (figure === undefined) throw new Error(`internal: no formula for "${name}"`);
  return figure(sums, counted);
}

/** The counts of each class, or each label, against the rest. */
export const outcomesOf = (sums: Sums): Outcomes =>
  sums.outcomes === undefined
    ? outcomesOfConfusion(sumOf(sums, 'confusion'))
    : outcomesOfLabels(sums.outcomes);

function sumOf(sums: Sums, name: string): Float64Array {
  const sum = sums[name];
  if (sum === undefined) throw new Error(`internal: the evaluation has no sum "${name}"`);
  return sum;
}
