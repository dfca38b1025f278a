/** The feeds of a plan's graphs for a batch: its columns by their names. */
import type { Batch } from '../data/batches/batches.js';
import type { ColumnValues } from '../data/dataset.js';
import type { Tensors } from '../engine/runtime/runtime.js';
import { type ColumnSpec, columnTensor } from '../tensor/column-spec.js';
import { f32Tensor } from '../tensor/tensor.js';

interface Columns {
  readonly inputs: readonly ColumnSpec[];
  readonly targets?: readonly ColumnSpec[];
}

/**
 * The feeds refer to the batch's arrays, so a batch that is filled again later needs no new feeds.
 */
export function batchFeeds({ inputs, targets = [] }: Columns, batch: Batch): Tensors {
  const { weights } = batch;
  const named = (columns: readonly ColumnSpec[], values: readonly ColumnValues[]) =>
    columns.map((column, k) => {
      return [column.name, columnTensor(column, values[k] as ColumnValues, weights.length)] as const;
    });
  const feeds = [...named(inputs, batch.inputs), ...named(targets, batch.targets)];
  return { ...Object.fromEntries(feeds), weights: f32Tensor(weights) };
}
