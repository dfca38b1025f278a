/**
 * Figures of a noisy machine: the median of interleaved slices, their spread, and ratios of
 * medians.
 */

export interface Sample {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Linear between the two nearest values; `values` is not empty. */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = fraction * (sorted.length - 1);
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined) throw new Error('internal: a quantile of no values');
  return below + (place % 1) * (above - below);
}

export const sampleOf = (values: readonly number[]): Sample => ({
  median: quantile(values, 0.5),
  min: Math.min(...values),
  max: Math.max(...values),
});

/** How often the second goes into the first. */
export const ratio = (first: Sample, second: Sample): number => first.median / second.median;
