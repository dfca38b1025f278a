/**
 * Where the elements of a tensor lie in a file of weights, whatever program wrote it. Safetensors,
 * PyTorch and NumPy all store plain numbers, so one description does for them.
 */
import type { Dtype } from '../dtype.js';
import { type Shape, stridesOf } from '../shape.js';

export interface StoredTensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: Shape;
  /** The place of its file among those of its source. */
  readonly file: number;
  /** The byte of its first element in that file. */
  readonly position: number;
  /** Elements between neighbours along each axis; left out where it is row-major without gaps. */
  readonly strides?: readonly number[];
  readonly isBigEndian?: boolean;
}

/** Strides to be kept: undefined where they are those of row-major order. */
export function unusualStrides(shape: Shape, strides: readonly number[]): readonly number[] | undefined {
  const usual = stridesOf(shape);
  const isUsual =
    shape.includes(0) || shape.every((extent, axis) => extent === 1 || strides[axis] === usual[axis]);
  return isUsual ? undefined : strides;
}

/** Strides of an array whose first axis varies fastest. */
export const fortranStrides = (shape: Shape): number[] => stridesOf([...shape].reverse()).reverse();
