/**
 * What is known of a model beside its figures: vectors and curves, small enough to be recorded in
 * each round. They come from the same sums.
 */
import { type CalibrationBin, calibrationCurve } from './calibration.js';
import type { Metrics } from './metrics.js';
import { precisionRecallCurve, rocCurve } from './score-curves.js';
import { areaUnderRoc, averagePrecision, histogramsOf, type ScoreHistogram } from './score-histograms.js';

export interface ScoreDetails {
  /** Of each category that is scored against the rest; with two only of the second one. */
  readonly scored?: ScoredCategory[];
  /** The bins of predicted probabilities that have examples. */
  readonly calibration?: CalibrationBin[];
  /** Of each label: true and false positives, false and true negatives. */
  readonly outcomes?: number[][];
}

export interface ScoredCategory {
  readonly category: number;
  /** The areas, each with its resolution; left out where undefined. */
  readonly auroc?: [value: number, resolution: number];
  readonly averagePrecision?: [value: number, resolution: number];
  /** On the grid of `score-curves.ts`. */
  readonly roc?: number[];
  readonly precisionRecall?: number[];
}

/** With more categories, their curves cannot be told apart. */
const MOST_CURVES = 7;

/** Undefined if nothing but the figures and the confusion was measured. */
export function scoreDetailsOf({ sums }: Pick<Metrics, 'sums'>): ScoreDetails | undefined {
  const { scores, calibration, outcomes } = sums;
  if (scores === undefined && calibration === undefined && outcomes === undefined) return undefined;
  return {
    ...(scores && { scored: scoredBy(histogramsOf(scores)) }),
    ...(calibration && {
      calibration: calibrationCurve(calibration).map(({ examples, predicted, observed }) => ({
        ...{ examples, predicted: short(predicted), observed: short(observed) },
      })),
    }),
    ...(outcomes && { outcomes: columnsOf(outcomes) }),
  };
}

/** By how much the areas may differ from those of the scores; undefined if there are no areas. */
export function resolutionOf({ scored = [] }: ScoreDetails): number | undefined {
  const areas = scored.flatMap(({ auroc, averagePrecision }) => [auroc, averagePrecision]);
  const widths = areas.flatMap((area) => (area === undefined ? [] : [area[1]]));
  return widths.length === 0 ? undefined : Number(Math.max(...widths).toPrecision(2));
}

function scoredBy(histograms: readonly ScoreHistogram[]): ScoredCategory[] {
  const drawn = histograms.length <= MOST_CURVES;
  return histograms.map((histogram, place) => {
    const roc = drawn ? rocCurve(histogram) : undefined;
    const precisionRecall = drawn ? precisionRecallCurve(histogram) : undefined;
    const area = (of: typeof areaUnderRoc) => {
      const { value, resolution } = of(histogram);
      return Number.isNaN(value) ? undefined : ([short(value), short(resolution)] as [number, number]);
    };
    const [auroc, precision] = [area(areaUnderRoc), area(averagePrecision)];
    return {
      category: histograms.length === 1 ? 1 : place,
      ...(auroc && { auroc }),
      ...(precision && { averagePrecision: precision }),
      ...(roc && { roc }),
      ...(precisionRecall && { precisionRecall }),
    };
  });
}

/** [4, labels] → of each label its four counts. */
const columnsOf = (outcomes: Float64Array) => {
  const labels = outcomes.length / 4;
  return Array.from({ length: labels }, (_, label) =>
    [0, 1, 2, 3].map((row) => outcomes[row * labels + label] as number),
  );
};

const short = (value: number) => Number(value.toPrecision(6));
