/** Conversions between the floating-point dtypes of files that can be computed with. */
import { TensorError } from '../../base/error.js';
import type { Dtype } from '../dtype.js';
import { bf16ToF32, f16ToF32 } from '../half.js';

export const floatDtypes = ['F64', 'F32', 'F16', 'BF16'] as const;
export type FloatDtype = (typeof floatDtypes)[number];

export const isFloat = (dtype: Dtype): dtype is FloatDtype => floatDtypes.some((one) => one === dtype);

/** The narrowest that holds the values of both: F32 for F16 and BF16. */
export function widerFloat(a: FloatDtype, b: FloatDtype): FloatDtype {
  if (a === b) return a;
  return a === 'F64' || b === 'F64' ? 'F64' : 'F32';
}

/**
 * Converts values to F32 or F64: exactly, but for F64 to F32, which rounds (to an infinity beyond
 * float32's range).
 * @param bytes of the values, at the beginning of a buffer of their own
 * @param target aligned for its dtype
 */
export function convertFloats(bytes: Uint8Array, from: Dtype, target: Uint8Array, to: Dtype): void {
  const values = from === 'F64' ? new Float64Array(bytes.buffer) : float32s(bytes, from);
  const { buffer, byteOffset } = target;
  if (values === undefined || (to !== 'F64' && to !== 'F32')) {
    throw new TensorError(`internal: conversion of ${from} to ${to}`);
  }
  const into = to === 'F64' ? Float64Array : Float32Array;
  new into(buffer as ArrayBuffer, byteOffset, values.length).set(values);
}

function float32s({ buffer }: Uint8Array, dtype: Dtype): Float32Array | undefined {
  if (dtype === 'F32') return new Float32Array(buffer);
  const widen = { F16: f16ToF32, BF16: bf16ToF32 }[dtype as string];
  if (widen === undefined) return undefined;
  const bits = new Uint16Array(buffer);
  const values = new Float32Array(bits.length);
  widen(bits, values);
  return values;
}
