/** A batch as the graphs of a plan take it in: its columns by their names. */
import type { Batch } from '../data/batches/batches.js';
import type { Tensors } from '../engine/runtime/runtime.js';
import { type ColumnSpec, columnTensor } from '../tensor/column-spec.js';
import { f32Tensor } from '../tensor/tensor.js';

interface Columns {
  readonly inputs: readonly ColumnSpec[];
  readonly targets?: readonly ColumnSpec[];
}

/** The arrays are the batch's own: what is filled into them later is fed. */
export function batchFeeds({ inputs, targets = [] }: Columns, { images, labels, weights }: Batch): Tensors {
  const feeds = [
    ...inputs.map((column) => [column.name, columnTensor(column, images, weights.length)] as const),
    ...targets.map((column) => [column.name, columnTensor(column, labels, weights.length)] as const),
  ];
  return { ...Object.fromEntries(feeds), weights: f32Tensor(weights) };
}
