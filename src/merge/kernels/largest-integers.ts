/** Takes the largest whole number in each place, for tensors of integers such as counters. */
import type { Dtype } from '../../tensor/dtype.js';

type Integers =
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

const arrays: Partial<
  Record<Dtype, new (buffer: ArrayBuffer, byteOffset: number, length: number) => Integers>
> = {
  I64: BigInt64Array,
  U64: BigUint64Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
};

export const canCompareIntegers = (dtype: Dtype): boolean => arrays[dtype] !== undefined;

/** Writes to `output`. All buffers hold at least `bytes` bytes of this dtype. */
export function largestIntegers(
  dtype: Dtype,
  bytes: number,
  inputs: readonly Uint8Array<ArrayBuffer>[],
  output: Uint8Array<ArrayBuffer>,
): void {
  const Kind = arrays[dtype];
  if (Kind === undefined) throw new Error(`internal: the largest of ${dtype}`);
  const viewOf = ({ buffer, byteOffset }: Uint8Array<ArrayBuffer>) =>
    new Kind(buffer, byteOffset, bytes / Kind.prototype.BYTES_PER_ELEMENT);
  const out = viewOf(output);
  inputs.forEach((input, k) => {
    viewOf(input).forEach((value, i) => {
      if (k === 0 || value > (out[i] as number | bigint)) out[i] = value;
    });
  });
}
