/**
 * Centres the updates: in each place, subtracts the weighted median of their values. The median
 * lies among the sound updates if those have more than half of the weight. So inner products among
 * the sound updates are exact, however large the other updates are, and whatever value all have in
 * common.
 */

import type { ValueColumn } from '../strategy.js';
import { blockSize } from './block.js';
import { simdBuffers, subtractBySimd } from './simd.js';
import { weightedMedian } from './weighted-median.js';

/** Used again from block to block, and from merge to merge: memories of WebAssembly are few. */
let buffers: Uint8Array<ArrayBuffer>[] = [];

/** xₖ − median of a block's columns, in float64, until the next call. */
export function fromMedian(columns: readonly ValueColumn[], weights: readonly number[]): Float64Array[] {
  const length = columns[0]?.length ?? 0;
  if (buffers.length <= columns.length) buffers = simdBuffers([...columns, 0].map(() => 8 * blockSize));
  const [median, ...centred] = buffers
    .slice(0, columns.length + 1)
    .map(({ buffer, byteOffset }) => new Float64Array(buffer, byteOffset, length)) as [
    Float64Array,
    ...Float64Array[],
  ];
  weightedMedian(median, columns, weights);
  centred.forEach((out, k) => {
    out.set(columns[k] as ValueColumn);
    subtractBySimd(out, median, length + (length % 2));
  });
  return centred;
}
