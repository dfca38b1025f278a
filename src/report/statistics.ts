/** What several seeds say of one number. */

export interface Sample {
  readonly n: number;
  readonly mean: number;
  /** The sample standard deviation, ÷ (n − 1); one number has none. */
  readonly deviation?: number;
}

/** Undefined of no numbers. */
export function sampleOf(values: readonly number[]): Sample | undefined {
  const n = values.length;
  if (n === 0) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { n, mean };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { n, mean, deviation: Math.sqrt(squares / (n - 1)) };
}
