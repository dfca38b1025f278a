/**
 * The weighted median of each place of a block: the value up to which half of the weight lies;
 * where that is just half, the mean of it and the next. The places are sorted by a network, whose
 * steps do not depend on the values, many places at a time.
 *
 * @see Knuth, The Art of Computer Programming, volume 3, 5.2.2, algorithm M (Batcher's exchanges)
 */

import type { ValueColumn } from '../strategy.js';
import { exchangeBySimd, simdBuffers } from './simd.js';

/** Sorted at a time, so that those of a dozen updates fit a processor's second cache. */
const PLACES = 1024;

/** Used again from merge to merge: memories of WebAssembly are few. */
let sorted: Float64Array[] = [];

/** @param out receives the median of each place */
export function weightedMedian(
  out: Float64Array,
  columns: readonly ValueColumn[],
  weights: readonly number[],
): void {
  const count = columns.length;
  // Of each column the values, and behind them their weights.
  if (sorted.length < count) {
    sorted = simdBuffers(columns.map(() => 16 * PLACES)).map(
      ({ buffer, byteOffset }) => new Float64Array(buffer, byteOffset, 2 * PLACES),
    );
  }
  const equal = weights.every((weight) => weight === weights[0]);
  const network = exchanges(count);
  const half = weights.reduce((sum, weight) => sum + weight, 0) / 2;
  for (let from = 0; from < out.length; from += PLACES) {
    const places = Math.min(PLACES, out.length - from);
    // An odd last place is sorted with what lies behind it.
    const n = places + (places % 2);
    columns.forEach((column, k) => {
      const own = sorted[k] as Float64Array;
      own.set(column.subarray(from, from + places));
      if (!equal) own.fill(weights[k] as number, PLACES, PLACES + n);
    });
    for (const [low, high] of network) {
      exchangeBySimd(sorted[low] as Float64Array, sorted[high] as Float64Array, n, equal ? 0 : PLACES);
    }
    const target = out.subarray(from, from + places);
    if (equal) middleValues(target, count);
    else middleWeights(target, count, half);
  }
}

function middleValues(out: Float64Array, count: number): void {
  const [low, high] = [sorted[(count - 1) >> 1], sorted[count >> 1]] as [Float64Array, Float64Array];
  for (let i = 0; i < out.length; i++) {
    out[i] = low === high ? (low[i] as number) : ((low[i] as number) + (high[i] as number)) / 2;
  }
}

function middleWeights(out: Float64Array, count: number, half: number): void {
  for (let i = 0; i < out.length; i++) {
    let at = 0;
    let upTo = weightAt(0, i);
    while (upTo < half && at < count - 1) upTo += weightAt(++at, i);
    const value = valueAt(at, i);
    out[i] = upTo === half && at < count - 1 ? (value + valueAt(at + 1, i)) / 2 : value;
  }
}

const valueAt = (k: number, i: number) => (sorted[k] as Float64Array)[i] as number;
const weightAt = (k: number, i: number) => (sorted[k] as Float64Array)[PLACES + i] as number;

type Exchange = readonly [low: number, high: number];

let known: { readonly count: number; readonly network: readonly Exchange[] } | undefined;

/** Where the larger of two goes to `high`, one exchange after the other, all are sorted. */
function exchanges(count: number): readonly Exchange[] {
  if (known?.count === count) return known.network;
  const network: Exchange[] = [];
  const top = 2 ** Math.ceil(Math.log2(Math.max(1, count)) - 1);
  for (let p = top; p >= 1; p /= 2) {
    let [r, d] = [0, p];
    for (let q = top; q >= p; q /= 2) {
      for (let i = 0; i < count - d; i++) if ((i & p) === r) network.push([i, i + d]);
      [r, d] = [p, q - p];
    }
  }
  known = { count, network };
  return network;
}
