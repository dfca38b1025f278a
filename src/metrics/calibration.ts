/**
 * Calibration: whether of the examples with a predicted probability of 0.8, four in five are so.
 * Probabilities fall into bins of equal width, (0, 0.1] to (0.9, 1]. With two classes it is the
 * probability of the second one; with more, that of the predicted class, which is right or wrong
 * (Guo et al. 2017, https://arxiv.org/abs/1706.04599).
 */

export const CALIBRATION_BINS = 10;

export interface CalibrationBin {
  readonly examples: number;
  /** The mean predicted probability. */
  readonly predicted: number;
  /** The part of the examples that are so. */
  readonly observed: number;
}

/**
 * The bins that have examples.
 * @param sums [3, bins]: the examples, their predicted probabilities, and those that are so
 */
export function calibrationCurve(sums: Float64Array): CalibrationBin[] {
  return Array.from({ length: CALIBRATION_BINS }, (_, bin) => {
    const [examples, predicted, observed] = [0, 1, 2].map(
      (row) => sums[row * CALIBRATION_BINS + bin] as number,
    ) as [number, number, number];
    return { examples, predicted: predicted / examples, observed: observed / examples };
  }).filter(({ examples }) => examples > 0);
}

/** Σ n_b/N·|observed_b − predicted_b|: the expected calibration error. */
export function calibrationError(sums: Float64Array): number {
  const bins = calibrationCurve(sums);
  const total = bins.reduce((all, { examples }) => all + examples, 0);
  return (
    bins.reduce(
      (all, { examples, predicted, observed }) => all + examples * Math.abs(observed - predicted),
      0,
    ) / total
  );
}
