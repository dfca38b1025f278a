/** The outputs of a model for examples, batch by batch. */
import type { Column, ColumnValues } from '../data/dataset.js';
import { KINDS } from '../data/paged-values.js';
import { exportInference, type TrainedNetwork } from '../engine/nn/export-inference.js';
import type { Runtime } from '../engine/runtime/runtime.js';
import { columnTensor } from '../tensor/column-spec.js';
import { sizeOf } from '../tensor/shape.js';

/** Enough for the network to be fast, few enough for little memory. */
const BATCH = 1024;

export interface PredictedRows {
  /** The number of the first one, from 0. */
  readonly start: number;
  /** The outputs of the model's task by name, [rows, …], row-major. */
  readonly outputs: Readonly<Record<string, Float32Array>>;
}

/** Values that are kept as bytes, in the type of the column. */
function asBatch({ dtype }: Column, values: ColumnValues): ColumnValues {
  return dtype !== 'u8' && values instanceof Uint8Array ? KINDS[dtype].from(values) : values;
}

/**
 * @param columns the values of its inputs, in their order; those in a file are read batch by batch
 */
export async function* predictRows(
  model: Omit<TrainedNetwork, 'columns'>,
  columns: readonly Column[],
  examples: number,
  runtime: Runtime,
): AsyncGenerator<PredictedRows> {
  const session = await runtime.open(exportInference(model));
  try {
    for (let start = 0; start < examples; start += BATCH) {
      const places = Math.min(BATCH, examples - start);
      const batch = columns.map((column) => {
        const size = sizeOf(column.shape);
        const values = column.values.slice(start * size, (start + places) * size);
        return [column.name, columnTensor(column, asBatch(column, values), places)];
      });
      const results = await session.run(Object.fromEntries(batch));
      const outputs = Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]);
      yield { start, outputs: Object.fromEntries(outputs) };
    }
  } finally {
    await session.release();
  }
}
