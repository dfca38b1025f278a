/** The outputs of a model for examples, batch by batch. */
import type { HeldColumn } from '../data/dataset.js';
import { exportInference, type TrainedNetwork } from '../engine/nn/export-inference.js';
import type { Runtime } from '../engine/runtime/runtime.js';
import { columnTensor } from '../tensor/column-spec.js';
import { sizeOf } from '../tensor/shape.js';

/** Enough for the network to be fast, few enough for little memory. */
const BATCH = 1024;

/**
 * The outputs of the model's task by name, [examples, …], row-major.
 * @param columns the values of its inputs, in their order
 */
export async function predictRows(
  model: Omit<TrainedNetwork, 'columns'>,
  columns: readonly HeldColumn[],
  examples: number,
  runtime: Runtime,
): Promise<Readonly<Record<string, Float32Array>>> {
  const session = await runtime.open(exportInference(model));
  const outputs: Record<string, Float32Array> = {};
  try {
    for (let start = 0; start < examples; start += BATCH) {
      const places = Math.min(BATCH, examples - start);
      const batch = columns.map((column) => {
        const size = sizeOf(column.shape);
        const values = column.values.slice(start * size, (start + places) * size);
        return [column.name, columnTensor(column, values, places)];
      });
      const results = await session.run(Object.fromEntries(batch));
      for (const [name, { data }] of Object.entries(results)) {
        outputs[name] ??= new Float32Array((data.length / places) * examples);
        outputs[name].set(data as Float32Array, (data.length / places) * start);
      }
    }
  } finally {
    await session.release();
  }
  return outputs;
}
