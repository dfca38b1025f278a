/** Sorts the values of all columns in one place, for medians and trimmed means. */
import type { ValueColumn } from '../strategy.js';

/** From this number on, the built-in sort is faster than insertion. */
const MANY = 24;

/**
 * out[i] = reduce(the values in place i, ascending). The array is reused for the next place;
 * `reduce` may change it.
 */
export function reduceSorted(
  out: ValueColumn,
  columns: readonly ValueColumn[],
  reduce: (sorted: Float64Array) => number,
): void {
  const sorted = new Float64Array(columns.length);
  for (let i = 0; i < out.length; i++) {
    if (columns.length < MANY) insertAll(sorted, columns, i);
    else {
      for (let k = 0; k < columns.length; k++) sorted[k] = (columns[k] as ValueColumn)[i] as number;
      sorted.sort();
    }
    out[i] = reduce(sorted);
  }
}

/** The middle value, or the mean of the two middle values. */
export function medianOf(sorted: Float64Array): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** The mean of sorted[from] … sorted[to − 1]. */
export function meanOfRange(sorted: Float64Array, from: number, to: number): number {
  let sum = sorted[from] as number;
  for (let k = from + 1; k < to; k++) sum += sorted[k] as number;
  return sum / (to - from);
}

function insertAll(sorted: Float64Array, columns: readonly ValueColumn[], place: number): void {
  for (let k = 0; k < columns.length; k++) {
    const value = (columns[k] as ValueColumn)[place] as number;
    let at = k;
    while (at > 0 && (sorted[at - 1] as number) > value) {
      sorted[at] = sorted[at - 1] as number;
      at--;
    }
    sorted[at] = value;
  }
}
