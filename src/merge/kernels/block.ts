/**
 * The inner loops of merging, in memory and over files, on blocks of values that fit a processor's
 * cache.
 */

import type { Block, Combination, ValueColumn } from '../strategy.js';
import { finiteBySimd } from './simd.js';

/** Values in a block. It changes no result, since strategies work on each place by itself. */
export const blockSize = 8192;

/** The index of the first value that is NaN or infinite, or −1. */
export function firstNotFinite(values: ValueColumn): number {
  const checked = finiteBySimd(values);
  // A finite value times 0 is ±0, any other value times 0 is NaN. A sum is faster than a branch for
  // each value. There are four sums, so that no addition waits for the one before it.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = checked;
  for (; i + 3 < values.length; i += 4) {
    a += (values[i] as number) * 0;
    b += (values[i + 1] as number) * 0;
    c += (values[i + 2] as number) * 0;
    d += (values[i + 3] as number) * 0;
  }
  for (; i < values.length; i++) a += (values[i] as number) * 0;
  return a + b + c + d === 0 ? -1 : firstBeyond(values, Number.POSITIVE_INFINITY);
}

/** The index of the first value whose magnitude is not below `limit` (or is NaN), or −1. */
export function firstBeyond(values: ValueColumn, limit: number): number {
  return values.findIndex((value: number) => !(Math.abs(value) < limit));
}

/**
 * Combines one block: the columns as they are; or, with a base, their differences from it, and then
 * adds the base.
 */
export function combineBlock(
  { combine }: Combination,
  out: ValueColumn,
  columns: readonly ValueColumn[],
  examples: readonly number[],
  base: ValueColumn | undefined,
  block: Block,
): void {
  if (base === undefined) {
    combine(out, columns, examples, block);
    return;
  }
  const merged = new Float64Array(out.length);
  combine(merged, differences(columns, base), examples, block);
  for (let i = 0; i < out.length; i++) out[i] = (base[i] as number) + (merged[i] as number);
}

/**
 * The columns as a strategy sees them. Differences are float64, so that no digit of the columns is
 * lost.
 */
export function differences(
  columns: readonly ValueColumn[],
  base: ValueColumn | undefined,
): readonly ValueColumn[] {
  return base === undefined ? columns : columns.map((column) => difference(column, base));
}

export function difference(
  column: ValueColumn,
  base: ValueColumn,
  out = new Float64Array(column.length),
): Float64Array {
  for (let i = 0; i < out.length; i++) out[i] = (column[i] as number) - (base[i] as number);
  return out;
}
