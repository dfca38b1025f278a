/**
 * The specification of a column for a graph: its name, the type of its numbers, and the shape of
 * one example.
 */
import { formatShape, type Shape } from './shape.js';
import type { Tensor, TensorData } from './tensor.js';

export interface ColumnSpec {
  readonly name: string;
  readonly dtype: keyof TensorData;
  /** Without the axis of the batch; [] for one number. */
  readonly shape: Shape;
}

/** The specification of a column of data, without its values: a plan has none. */
export const specOf = ({ name, dtype, shape }: ColumnSpec): ColumnSpec => ({ name, dtype, shape });

/** The column of a batch of `places` examples. */
export function columnTensor({ dtype, shape }: ColumnSpec, data: Tensor['data'], places: number): Tensor {
  return { dtype, shape: [places, ...shape], data } as Tensor;
}

/** "images u8[1,28,28]" */
export const describeColumn = ({ name, dtype, shape }: ColumnSpec) => `${name} ${dtype}${formatShape(shape)}`;
