/**
 * An array as a file stores it, and its numbers as ours: bytes stay bytes, other whole numbers
 * become int32, all floats float32.
 */
import { canonicalName } from '../../base/names.js';
import { bf16ToF32, f16ToF32 } from '../../tensor/half.js';
import type { Shape } from '../../tensor/shape.js';
import type { ColumnValues } from '../dataset.js';
import { DataError } from '../error.js';
import type { ValuesKind } from '../paged-values.js';

/** The types of numbers that files have, named by kind and bits. */
export const NUMBER_TYPES = [
  ...(['bool', 'u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'u64', 'i64'] as const),
  ...(['f16', 'bf16', 'f32', 'f64'] as const),
] as const;
export type NumberType = (typeof NUMBER_TYPES)[number];

export interface StoredArray {
  readonly type: NumberType;
  readonly littleEndian: boolean;
  /** Whether the first axis varies fastest. */
  readonly fortran: boolean;
  /** With the axis of the examples, the first one. */
  readonly shape: Shape;
}

/** An array in a file. */
export interface ArrayInFile extends StoredArray {
  readonly name: string;
  /** It names the array in errors: `"x" in "data.npz"`. */
  readonly what: string;
  /**
   * Its numbers in the order of the file, in pieces of whole examples.
   * @throws DataError when they cannot be read
   */
  numbers(): AsyncIterable<ColumnValues>;
}

/**
 * By their names, in NFC. What cannot be read as numbers is an error only where it is asked for.
 */
export type FoundArrays = ReadonlyMap<string, () => Promise<ArrayInFile>>;

/** Two arrays of one name, in whatever spelling of Unicode, are an error where it is asked for. */
export function foundArrays(
  path: string,
  arrays: readonly (readonly [name: string, open: () => Promise<ArrayInFile>])[],
): FoundArrays {
  const found = new Map<string, () => Promise<ArrayInFile>>();
  for (const [spelled, open] of arrays) {
    const name = canonicalName(spelled);
    found.set(name, found.has(name) ? () => Promise.reject(twoArrays(path, name)) : open);
  }
  return found;
}

const twoArrays = (path: string, name: string) =>
  new DataError(`data: "${path}" has two arrays "${name}", expected one`, {
    hint: 'rename one of them, or remove it; two spellings of Unicode are one name',
  });

/** Bytes of a number. */
export const bytesOfNumber = (type: NumberType): number =>
  type === 'bool' ? 1 : Number(/\d+/.exec(type)) / 8;

/** What the numbers of this type become. */
export function kindOf(type: NumberType): ValuesKind {
  if (type === 'bool' || type === 'u8') return 'u8';
  return type.includes('f') ? 'f32' : 'i32';
}

/**
 * The numbers in these bytes, which hold whole ones.
 * @param what names the array in errors
 * @param from the place of the first number in its array
 * @throws DataError when a whole number is beyond int32
 */
export function numbersIn(
  bytes: Uint8Array,
  { type, littleEndian }: Pick<StoredArray, 'type' | 'littleEndian'>,
  what: string,
  from = 0,
): ColumnValues {
  const width = bytesOfNumber(type);
  // A copy that is aligned, and that may be turned around. `slice` of a Buffer would not copy.
  const own = new Uint8Array(bytes);
  if (!littleEndian && width > 1)
    for (let at = 0; at < own.length; at += width) own.subarray(at, at + width).reverse();
  const { buffer } = own;
  const count = own.length / width;
  switch (type) {
    case 'bool':
    case 'u8':
      return own;
    case 'i8':
      return Int32Array.from(new Int8Array(buffer));
    case 'u16':
      return Int32Array.from(new Uint16Array(buffer));
    case 'i16':
      return Int32Array.from(new Int16Array(buffer));
    case 'i32':
      return new Int32Array(buffer);
    case 'u32':
      return narrowed(new Uint32Array(buffer), what, from);
    case 'i64':
      return narrowed(new BigInt64Array(buffer), what, from);
    case 'u64':
      return narrowed(new BigUint64Array(buffer), what, from);
    case 'f16': {
      const values = new Float32Array(count);
      f16ToF32(new Uint16Array(buffer), values);
      return values;
    }
    case 'bf16': {
      const values = new Float32Array(count);
      bf16ToF32(new Uint16Array(buffer), values);
      return values;
    }
    case 'f32':
      return new Float32Array(buffer);
    case 'f64':
      return Float32Array.from(new Float64Array(buffer));
  }
}

function narrowed(
  values: Uint32Array | BigInt64Array | BigUint64Array,
  what: string,
  from: number,
): Int32Array {
  const into = new Int32Array(values.length);
  for (let at = 0; at < values.length; at++) {
    into[at] = Number(values[at]);
    if (BigInt(into[at] as number) === BigInt(values[at] as number | bigint)) continue;
    throw beyondInt32(`number ${from + at} of ${what}`, values[at] as number | bigint);
  }
  return into;
}

/** @param which the number */
export const beyondInt32 = (which: string, value: number | bigint) =>
  new DataError(`data: ${which} is ${value}, expected whole numbers from -2147483648 to 2147483647`, {
    hint: 'number categories and tokens from 0, or write floats',
  });

/** The values in rows, the last axis fastest, of an array that is stored the other way around. */
export function inRows<Values extends ColumnValues>(values: Values, shape: Shape): Values {
  const into = values.slice() as Values;
  const index = shape.map(() => 0);
  const strides = shape.map((_, axis) =>
    shape.slice(0, axis).reduce((product, extent) => product * extent, 1),
  );
  let from = 0;
  for (let place = 0; place < into.length; place++) {
    into[place] = values[from] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [extent, stride] = [shape[axis] as number, strides[axis] as number];
      index[axis] = (index[axis] as number) + 1;
      from += stride;
      if ((index[axis] as number) < extent) break;
      index[axis] = 0;
      from -= extent * stride;
    }
  }
  return into;
}
