/** How the floating-point dtypes of a file are stored in a chunk of its bytes. */

import type { Dtype } from '../../tensor/dtype.js';
import {
  bf16Overflow,
  bf16ToF32,
  f16Overflow,
  f16ToF32,
  f32ToBf16,
  f32ToF16,
  f64ToOddF32,
} from '../../tensor/half.js';
import type { ValueColumn } from '../strategy.js';
import { firstBeyond, firstNotFinite } from './block.js';

export interface FloatFormat {
  /** `count` values from value `at` on: a view of the chunk if possible. */
  readonly values: (chunk: Uint8Array<ArrayBuffer>, at: number, count: number) => ValueColumn;
  /**
   * An array for `count` merged values: a view of the chunk, or float64 if they are rounded to 16
   * bits afterwards.
   */
  readonly room: (chunk: Uint8Array<ArrayBuffer>, at: number, count: number) => ValueColumn;
  /**
   * Stores the values of that array in the chunk, unless it is a view of it. Returns the index of
   * the first value that this dtype cannot hold, or −1.
   */
  readonly store: (values: ValueColumn, chunk: Uint8Array<ArrayBuffer>, at: number) => number;
}

const viewOf = (values: FloatFormat['values']): FloatFormat => {
  return { values, room: values, store: (merged) => firstNotFinite(merged) };
};

/**
 * The dtypes that can be merged. The 16-bit ones are merged as float32 and rounded once, from
 * float64.
 */
const formats: Partial<Record<Dtype, FloatFormat>> = {
  F64: viewOf((chunk, at, count) => new Float64Array(chunk.buffer, chunk.byteOffset + 8 * at, count)),
  F32: viewOf((chunk, at, count) => new Float32Array(chunk.buffer, chunk.byteOffset + 4 * at, count)),
  F16: half(f16ToF32, f32ToF16, f16Overflow),
  BF16: half(bf16ToF32, f32ToBf16, bf16Overflow),
};

/** The format of a dtype; undefined if its values can only be compared, not merged. */
export function floatFormat(dtype: Dtype): FloatFormat | undefined {
  return formats[dtype];
}

function half(
  widen: (source: Uint16Array, target: Float32Array) => void,
  narrow: (source: Float32Array, target: Uint16Array) => void,
  overflow: number,
): FloatFormat {
  return {
    values(chunk, at, count) {
      const wide = new Float32Array(count);
      widen(new Uint16Array(chunk.buffer, chunk.byteOffset + 2 * at, count), wide);
      return wide;
    },
    room: (_, __, count) => new Float64Array(count),
    store(values, chunk, at) {
      const bytes = chunk.byteOffset + 2 * at;
      narrow(f64ToOddF32(Float64Array.from(values)), new Uint16Array(chunk.buffer, bytes, values.length));
      return firstBeyond(values, overflow);
    },
  };
}
