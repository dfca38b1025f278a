/** Evaluates a state: state and data → metrics, by a plan's evaluation model. */
import { type Batch, createBatch, fillBatch } from '../data/batches/batches.js';
import type { ColumnValues, Dataset } from '../data/dataset.js';
import { requireColumns } from '../data/require-columns.js';
import type { Plan } from '../engine/nn/plan.js';
import { sumOutput } from '../engine/nn/tasks/evaluation-sums.js';
import type { Session } from '../engine/runtime/runtime.js';
import type { Metrics } from '../metrics/metrics.js';
import { requireArray } from '../tensor/arrays.js';
import { sizeOf } from '../tensor/shape.js';
import { layoutSize } from '../tensor/state-dict.js';
import { f32Tensor, i32Tensor } from '../tensor/tensor.js';
import { batchFeeds } from './batch-feeds.js';
import type { KeepGoing } from './keep-going.js';

/**
 * Evaluates a state (flat, in the plan's layout) on the examples at `indices`.
 * @param session for the plan's evaluation model
 * @param keepGoing called before every batch; if it returns false, the result is undefined
 */
export async function evaluateState(
  session: Session,
  plan: Plan,
  state: Float32Array,
  dataset: Dataset,
  indices: Uint32Array,
  keepGoing: KeepGoing = () => true,
): Promise<Metrics | undefined> {
  const { evaluationBatchSize: size, measures } = plan;
  requireArray('evaluation: the state', state, 'Float32Array', layoutSize(plan.layout));
  requireArray('evaluation: the list of examples', indices, 'Uint32Array');
  requireColumns(dataset, dataset.inputs, plan.inputs);
  requireColumns(dataset, dataset.targets, plan.targets);
  const batch = createBatch(dataset, size);
  const inputs = { state: f32Tensor(state), ...batchFeeds(plan, batch) };
  const sums = [{ name: 'lossSum', shape: [] }, { name: 'counted', shape: [] }, ...measures.sums].map(
    ({ name, shape }, k) => ({
      ...{ name, ofBatch: new Float32Array(sizeOf(shape)), total: new Float64Array(sizeOf(shape)), shape },
      output: k < 2 ? name : sumOutput(name),
    }),
  );
  const answers = measures.predicts ? answersOf(batch, indices.length) : undefined;
  const outputs = {
    ...Object.fromEntries(sums.map(({ output, ofBatch, shape }) => [output, f32Tensor(ofBatch, shape)])),
    ...(answers && { predictions: i32Tensor(answers.ofBatch) }),
  };
  for (let start = 0; start < indices.length; start += size) {
    if (!(await keepGoing())) return undefined;
    fillBatch(batch, dataset, indices, start);
    await session.run(inputs, outputs);
    for (const { ofBatch, total } of sums) {
      for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + (ofBatch[i] as number);
    }
    answers?.keep(start);
  }
  const [lossSum, counted, ...others] = sums.map(({ total }) => total);
  return {
    ...{ examples: indices.length, counted: counted?.[0] ?? 0, lossSum: lossSum?.[0] ?? 0 },
    sums: Object.fromEntries(measures.sums.map(({ name }, k) => [name, others[k] as Float64Array])),
    rules: measures.rules,
    ...(answers && { answers: answers.all }),
  };
}

/** The category of every example, and the predicted one. */
function answersOf(batch: Batch, examples: number) {
  const ofBatch = new Int32Array(batch.weights.length);
  const all = { labels: new Uint8Array(examples), predictions: new Uint8Array(examples) };
  return {
    ofBatch,
    all,
    keep(start: number) {
      all.labels.set((batch.targets[0] as ColumnValues).subarray(0, batch.count), start);
      all.predictions.set(ofBatch.subarray(0, batch.count), start);
    },
  };
}
