/**
 * Centres the updates: in each place, subtracts the weighted median of their values. The median
 * lies among the sound updates if those have more than half of the weight. So inner products among
 * the sound updates are exact, however large the other updates are, and whatever value all have in
 * common.
 */

import type { ValueColumn } from '../strategy.js';
import { blockSize } from './block.js';
import { simdBuffers } from './simd.js';

/** Reused from block to block and from merge to merge, since memories of WebAssembly are few. */
let buffers: Uint8Array<ArrayBuffer>[] = [];

/** xₖ − median for a block's columns, in float64. Valid until the next call. */
export function fromMedian(columns: readonly ValueColumn[], weights: readonly number[]): Float64Array[] {
  if (buffers.length < columns.length) buffers = simdBuffers(columns.map(() => 8 * blockSize));
  const median = weightedMedian(columns, weights);
  return columns.map((column, k) => {
    const { buffer, byteOffset } = buffers[k] as Uint8Array<ArrayBuffer>;
    const out = new Float64Array(buffer, byteOffset, column.length);
    for (let i = 0; i < out.length; i++) out[i] = (column[i] as number) - (median[i] as number);
    return out;
  });
}

/**
 * In each place, the value up to which half of the weight lies. If that is exactly half, the mean
 * of it and the next value.
 */
function weightedMedian(columns: readonly ValueColumn[], weights: readonly number[]): Float64Array {
  const out = new Float64Array(columns[0]?.length ?? 0);
  const values = new Float64Array(columns.length);
  const shares = new Float64Array(columns.length);
  const half = weights.reduce((sum, weight) => sum + weight, 0) / 2;
  for (let i = 0; i < out.length; i++) {
    for (let k = 0; k < columns.length; k++) {
      const value = (columns[k] as ValueColumn)[i] as number;
      let at = k;
      for (; at > 0 && (values[at - 1] as number) > value; at--) {
        values[at] = values[at - 1] as number;
        shares[at] = shares[at - 1] as number;
      }
      values[at] = value;
      shares[at] = weights[k] as number;
    }
    out[i] = middle(values, shares, half);
  }
  return out;
}

function middle(values: Float64Array, shares: Float64Array, half: number): number {
  const last = values.length - 1;
  let at = 0;
  let upTo = shares[0] as number;
  while (upTo < half && at < last) upTo += shares[++at] as number;
  const value = values[at] as number;
  return upTo === half && at < last ? (value + (values[at + 1] as number)) / 2 : value;
}
