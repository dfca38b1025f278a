/**
 * Converts the two 16-bit floats, as their bits in a Uint16Array: float16 (IEEE 754 binary16: 5
 * bits of exponent, 10 of mantissa) and bfloat16 (the upper half of a float32). Narrowing rounds to
 * nearest, ties to even. A value that is too large becomes an infinity. A NaN stays a quiet NaN
 * with the upper bits of its payload. Widening is exact.
 *
 * Values are moved as bits, never as JavaScript numbers, which would lose a NaN's payload.
 */
import { TensorError } from '../base/error.js';

/** The smallest magnitudes that round to an infinity: halfway beyond the largest finite value. */
export const f16Overflow = 65520;
export const bf16Overflow = 2 ** 128 - 2 ** 119;

/** Widens float16 bits into `target`, of the same length. */
export function f16ToF32(source: Uint16Array, target: Float32Array): void {
  checkLengths(source.length, target.length);
  widened ??= Uint32Array.from({ length: 0x10000 }, (_, half) => widenF16(half));
  const table = widened;
  const bits = bitsOf(target);
  for (let i = 0; i < source.length; i++) bits[i] = table[source[i] as number] as number;
}

/** Rounds float32 values to float16 bits in `target`, of the same length. */
export function f32ToF16(source: Float32Array, target: Uint16Array): void {
  checkLengths(source.length, target.length);
  const bits = bitsOf(source);
  for (let i = 0; i < bits.length; i++) target[i] = narrowF16(bits[i] as number);
}

/** Widens bfloat16 bits into `target`, of the same length. */
export function bf16ToF32(source: Uint16Array, target: Float32Array): void {
  checkLengths(source.length, target.length);
  const bits = bitsOf(target);
  for (let i = 0; i < source.length; i++) bits[i] = (source[i] as number) << 16;
}

/** Rounds float32 values to bfloat16 bits in `target`, of the same length. */
export function f32ToBf16(source: Float32Array, target: Uint16Array): void {
  checkLengths(source.length, target.length);
  const bits = bitsOf(source);
  for (let i = 0; i < bits.length; i++) {
    const value = bits[i] as number;
    const notANumber = (value & 0x7fffffff) > 0x7f800000;
    // A carry out of the mantissa raises the exponent, up to infinity: that is rounding up.
    target[i] = notANumber ? (value >>> 16) | 0x40 : (value + 0x7fff + ((value >>> 16) & 1)) >>> 16;
  }
}

/**
 * Rounds float64 to float32 so that a second rounding, to 16 bits, gives the same as one rounding
 * from the float64. A value that is not a float32 becomes the odd one of its two neighbours, which
 * lies between the same two 16-bit floats and never on a tie.
 */
export function f64ToOddF32(source: Float64Array): Float32Array<ArrayBuffer> {
  const target = Float32Array.from(source);
  const bits = bitsOf(target);
  for (let i = 0; i < source.length; i++) {
    const [exact, rounded] = [source[i] as number, target[i] as number];
    if (rounded === exact) continue;
    const beyond = Math.abs(rounded) > Math.abs(exact) ? 1 : 0;
    bits[i] = ((bits[i] as number) - beyond) | 1;
  }
  return target;
}

/** All 65,536 float16 values as float32 bits: built at the first use. */
let widened: Uint32Array | undefined;

function widenF16(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (mantissa << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (mantissa << 13);
  if (mantissa === 0) return sign;
  // A subnormal, mantissa · 2⁻²⁴, is a normal float32: shift its leading bit to the implied place.
  const shift = Math.clz32(mantissa) - 21;
  return sign | ((113 - shift) << 23) | ((mantissa << (shift + 13)) & 0x7fffff);
}

function narrowF16(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff);
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520 and more
  if (magnitude >= 0x38800000) {
    // Normal from 2⁻¹⁴ on: round the 13 bits that are dropped, then change the exponent's bias from
    // 127 to 15.
    return sign | ((magnitude + 0xfff + ((magnitude >>> 13) & 1) - 0x38000000) >>> 13);
  }
  const exponent = magnitude >>> 23;
  if (exponent < 102) return sign; // below 2⁻²⁵, half of the smallest subnormal
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const shift = 126 - exponent;
  const kept = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return sign | (kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0));
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

function checkLengths(source: number, target: number): void {
  if (source !== target) {
    throw new TensorError(`internal: conversion of ${source} values into an array of ${target}`);
  }
}
