/** A tensor: elements, row-major, and their shape. */
import type { Shape } from './shape.js';

export interface TensorData {
  readonly f32: Float32Array;
  readonly i32: Int32Array;
  readonly u8: Uint8Array;
}

export type Tensor = {
  readonly [Dtype in keyof TensorData]: {
    readonly dtype: Dtype;
    readonly shape: Shape;
    readonly data: TensorData[Dtype];
  };
}[keyof TensorData];

export const f32Tensor = (data: Float32Array, shape: Shape = [data.length]): Tensor => ({
  dtype: 'f32',
  shape,
  data,
});
export const i32Tensor = (data: Int32Array, shape: Shape = [data.length]): Tensor => ({
  dtype: 'i32',
  shape,
  data,
});
export const u8Tensor = (data: Uint8Array, shape: Shape = [data.length]): Tensor => ({
  dtype: 'u8',
  shape,
  data,
});

/** Texts, row-major. Only an exported model reads them: the cells of a table. */
export interface TextTensor {
  readonly dtype: 'text';
  readonly shape: Shape;
  readonly data: readonly string[];
}
