/**
 * out = (Σ wₖ·xₖ)/divisor, accumulated in float64 and rounded once; by SIMD if the columns lie in
 * its memory.
 */

import type { Summation, ValueColumn } from '../strategy.js';
import { weightedSumBySimd } from './simd.js';

export function weightedSum(
  out: ValueColumn,
  columns: readonly ValueColumn[],
  weights: readonly number[],
  divisor = 1,
): void {
  const done = weightedSumBySimd(out, columns, weights, divisor);
  if (done === out.length) return;
  const rest = columns.map((column) => column.subarray(done));
  inJavaScript(out.subarray(done), rest, weights, divisor);
}

/** The same sum, column by column. */
export const streamedSum = (weights: readonly number[], divisor = 1): Summation => ({
  sums: 1,
  add([sum], column, k) {
    const weight = weights[k] as number;
    if (k === 0) scale(sum as Float64Array, column, weight);
    else addWeighted(sum as Float64Array, sum as Float64Array, 1, column, weight);
  },
  finish(out, [sum]) {
    if (divisor === 1) out.set(sum as Float64Array);
    else divide(out, sum as Float64Array, divisor);
  },
});

function inJavaScript(
  out: ValueColumn,
  columns: readonly ValueColumn[],
  weights: readonly number[],
  divisor: number,
): void {
  const scratch = divisor === 1 && columns.length <= 2 ? out : new Float64Array(out.length);
  // The sum starts with the first column, not with 0: the mean of −0 and −0 is −0.
  let sum = columns[0] as ValueColumn;
  let weight = weights[0] as number;
  if (columns.length === 1) {
    scale(scratch, sum, weight);
    sum = scratch;
  }
  for (let k = 1; k < columns.length; k++) {
    const target = divisor === 1 && k === columns.length - 1 ? out : scratch;
    addWeighted(target, sum, weight, columns[k] as ValueColumn, weights[k] as number);
    sum = target;
    weight = 1;
  }
  if (divisor !== 1) divide(out, sum, divisor);
}

function scale(out: ValueColumn, values: ValueColumn, weight: number): void {
  for (let i = 0; i < out.length; i++) out[i] = weight * (values[i] as number);
}

function addWeighted(
  out: ValueColumn,
  a: ValueColumn,
  aWeight: number,
  b: ValueColumn,
  bWeight: number,
): void {
  for (let i = 0; i < out.length; i++) out[i] = aWeight * (a[i] as number) + bWeight * (b[i] as number);
}

function divide(out: ValueColumn, sum: ValueColumn, total: number): void {
  for (let i = 0; i < out.length; i++) out[i] = (sum[i] as number) / total;
}
