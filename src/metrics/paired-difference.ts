/**
 * By how much one way of training is better than another, over several random splits of the same
 * examples. Splits share examples, so their figures depend on each other: the variance is that of
 * the corrected resampled t-test (Nadeau and Bengio 2003, "Inference for the Generalization Error",
 * equation 9), s²·(1/J + test/train) for J splits.
 */

export interface PairedDifference {
  readonly mean: number;
  /** The ends of the 95% interval; missing for fewer than three splits. */
  readonly interval?: readonly [number, number];
}

/**
 * @param differences of the two figures on the test examples of each split
 * @param examples how many are trained on in a split, and how many are for the test
 */
export function pairedDifference(
  differences: readonly number[],
  examples: { readonly train: number; readonly test: number },
): PairedDifference {
  const count = differences.length;
  const mean = sampleMean(differences);
  if (count < 3) return { mean };
  const variance = sampleDeviation(differences) ** 2 * (1 / count + examples.test / examples.train);
  const half = studentQuantile(count - 1) * Math.sqrt(variance);
  return { mean, interval: [mean - half, mean + half] };
}

export const sampleMean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The sample standard deviation; 0 for one value. */
export function sampleDeviation(values: readonly number[]): number {
  const mean = sampleMean(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / Math.max(1, values.length - 1));
}

/** The 97.5% quantile of the normal distribution. */
const NORMAL = 1.959963984540054;

/**
 * The 97.5% quantile of Student's t, within 0.04 from two degrees of freedom on and 0.001 from five
 * (Abramowitz and Stegun 1964, 26.7.5).
 */
export function studentQuantile(freedom: number): number {
  const z = NORMAL;
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160,
  ];
  return terms.reduce((sum, term, index) => sum + term / freedom ** (index + 1), z);
}
