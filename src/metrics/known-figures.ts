/**
 * The formulas of the metrics of `known-metrics.ts`: from the sums over all examples to one number,
 * NaN where it is undefined.
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

/** How a figure follows from the sums of these names. */
interface Formula {
  /** “outcomes” are those of labels, or of a confusion. */
  readonly of: readonly string[];
  figure(sums: Sums, counted: number): number;
}

const ofOutcomes = (figure: (outcomes: Outcomes) => number): Formula => ({
  of: ['outcomes'],
  figure: (sums) => figure(outcomesOf(sums)),
});

const ofScores = (area: typeof areaUnderRoc): Formula => ({
  of: ['scores'],
  figure: (sums) => meanOfDefined(histogramsOf(sumOf(sums, 'scores')).map((one) => area(one).value)),
});

const meanOfSum = (name: string): Formula => ({
  of: [name],
  figure: (sums, counted) => first(sums, name) / counted,
});

/**
 * By name. An evaluation computes some of them by a graph of the task: the accuracy of classes, and
 * the figures of numbers. They are here for sums that come from elsewhere.
 */
const formulas: Readonly<Record<string, Formula>> = {
  accuracy: {
    of: ['outcomes'],
    figure: (sums) => (sums.outcomes === undefined ? partRight : accuracyOf)(outcomesOf(sums)),
  },
  'exact-match': meanOfSum('exact'),
  'balanced-accuracy': ofOutcomes((outcomes) => meanOfDefined(recalls(outcomes))),
  'f1-macro': ofOutcomes((outcomes) => meanOfDefined(f1Scores(outcomes))),
  'f1-weighted': ofOutcomes((outcomes) => meanBySupport(f1Scores(outcomes), outcomes)),
  sensitivity: ofOutcomes((outcomes) => recalls(outcomes)[1] as number),
  specificity: ofOutcomes((outcomes) => recalls(outcomes)[0] as number),
  auroc: ofScores(areaUnderRoc),
  'average-precision': ofScores(averagePrecision),
  brier: meanOfSum('brier'),
  iou: ofOutcomes((outcomes) => meanOfDefined(intersectionsOverUnions(outcomes))),
  dice: ofOutcomes((outcomes) => meanOfDefined(f1Scores(outcomes))),
  'pixel-accuracy': ofOutcomes(partRight),
  'calibration-error': {
    of: ['calibration'],
    figure: (sums) => calibrationError(sumOf(sums, 'calibration')),
  },
  rmse: { of: ['squares'], figure: (sums, counted) => Math.sqrt(first(sums, 'squares') / counted) },
  mae: meanOfSum('absolute'),
  r2: {
    of: ['squares', 'targets', 'targetSquares'],
    figure: (sums, counted) =>
      1 - first(sums, 'squares') / (first(sums, 'targetSquares') - first(sums, 'targets') ** 2 / counted),
  },
};

export const isKnownFigure = (name: string): boolean => Object.hasOwn(formulas, name);

/** Whether these sums are enough for the figure of that name. */
export const hasSumsFor = (name: string, sums: Sums): boolean =>
  isKnownFigure(name) &&
  (formulas[name]?.of ?? []).every(
    (one) => sums[one] !== undefined || (one === 'outcomes' && sums.confusion !== undefined),
  );

/** The figure of that name; NaN if it is undefined for these sums. */
export function knownFigure(name: string, sums: Sums, counted: number): number {
  const formula = formulas[name];
  if (formula === undefined) throw new Error(`internal: no formula for "${name}"`);
  return formula.figure(sums, counted);
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

const first = (sums: Sums, name: string) => sumOf(sums, name)[0] as number;
