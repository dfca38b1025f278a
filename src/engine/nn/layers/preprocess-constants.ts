/**
 * Statistics of a table's numbers → the constants of the layer that prepares them
 * (`preprocess.ts`).
 */
import type { Constants } from './constants.js';
import { NetworkError } from './network.js';
import { PREPROCESS } from './preprocess.js';

/** What is known about the known values of one number. What is left out has no effect. */
export interface NumberStatistics {
  /** 0 by default. */
  readonly mean?: number | undefined;
  /** The standard deviation; 1 by default, and for a column with one value. */
  readonly deviation?: number | undefined;
  /** Values below are raised to this. */
  readonly low?: number | undefined;
  /** Values above are lowered to this. */
  readonly high?: number | undefined;
  /** What a missing value becomes; the mean by default. */
  readonly impute?: number | undefined;
}

const LARGEST = 3.4028234663852886e38;

/** Smaller than the distance of neighbouring float32 around 1: values so close are equal. */
const SMALLEST_RELATIVE = 2 ** -24;

/**
 * @param statistics of each number feature, in the order of the column
 * @throws NetworkError when a statistic is not finite, or `low` is above `high`
 */
export function preprocessConstants(statistics: readonly NumberStatistics[]): Constants {
  if (statistics.length === 0) return {};
  const rows = statistics.map((given, index) => {
    const { mean = 0, deviation = 1, low = -LARGEST, high = LARGEST, impute = mean } = given;
    const row = { impute, low, high, mean, deviation };
    for (const [name, value] of Object.entries(row)) {
      if (Number.isFinite(value)) continue;
      throw new NetworkError(
        `preprocess: "${name}" of number ${index} is ${value}, expected a finite number`,
      );
    }
    if (low > high) {
      throw new NetworkError(
        `preprocess: number ${index} is clipped from ${low} to ${high}, expected low ≤ high`,
      );
    }
    const isConstant = deviation <= Math.abs(mean) * SMALLEST_RELATIVE || Math.fround(deviation) === 0;
    return { ...row, deviation: isConstant ? 1 : deviation };
  });
  const names = ['impute', 'low', 'high', 'mean', 'deviation'] as const;
  return Object.fromEntries(
    names.map((name) => [`${PREPROCESS}.constants.${name}`, rows.map((row) => row[name])]),
  );
}
