/** Computes the mean and the spread of a number over several seeds. */
import { type MetricFacts, writtenBare } from '../../metrics/metric.js';

export interface Sample {
  readonly n: number;
  readonly mean: number;
  /** The sample standard deviation, ÷ (n − 1); one number has none. */
  readonly deviation?: number;
}

/** Undefined for no numbers. */
export function sampleOf(values: readonly number[]): Sample | undefined {
  const n = values.length;
  if (n === 0) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { n, mean };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { n, mean, deviation: Math.sqrt(squares / (n - 1)) };
}

/** "2.7 ± 0.6"; for one number, just the number. */
export const withSpread = ({ mean, deviation }: Sample, text: (value: number) => string) =>
  deviation === undefined ? text(mean) : `${text(mean)} ± ${text(deviation)}`;

/** Fractions in per cent: "88.12 ± 0.21" */
export const percents = (sample: Sample) => withSpread(sample, (value) => (100 * value).toFixed(2));

/** A metric's figures in a table: "88.12 ± 0.21" */
export const samples = (metric: MetricFacts, sample: Sample) =>
  withSpread(sample, (value) => writtenBare(metric, value));

/** Differences of figures, with a sign: "−0.31 ± 0.08" */
export const signedSamples = (metric: MetricFacts, sample: Sample) =>
  `${sample.mean < 0 ? '−' : '+'}${samples(metric, { ...sample, mean: Math.abs(sample.mean) })}`;

/** Differences of fractions, in points. */
export const signedPercents = (sample: Sample) =>
  `${sample.mean < 0 ? '−' : '+'}${percents({ ...sample, mean: Math.abs(sample.mean) })}`;
