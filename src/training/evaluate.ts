/** state + data → metrics, by the evaluation model of a plan. */
import { createBatch, fillBatch } from '../data/batches/batches.js';
import { type ColumnValues, categoriesOf, type Dataset } from '../data/dataset.js';
import type { Plan } from '../engine/nn/plan.js';
import type { Session } from '../engine/runtime/runtime.js';
import type { Metrics } from '../metrics/metrics.js';
import { requireArray } from '../tensor/arrays.js';
import { layoutSize } from '../tensor/state-dict.js';
import { f32Tensor, i32Tensor } from '../tensor/tensor.js';
import { batchFeeds } from './batch-feeds.js';
import type { KeepGoing } from './keep-going.js';

/**
 * Evaluates a state (flat, in the plan's layout) on the examples at `indices`.
 * @param session of the plan's evaluation model
 * @param keepGoing asked before every batch; when it says no, the result is undefined
 */
export async function evaluateState(
  session: Session,
  plan: Plan,
  state: Float32Array,
  dataset: Dataset,
  indices: Uint32Array,
  keepGoing: KeepGoing = () => true,
): Promise<Metrics | undefined> {
  const { evaluationBatchSize: size } = plan;
  requireArray('evaluation: the state', state, 'Float32Array', layoutSize(plan.layout));
  requireArray('evaluation: the list of examples', indices, 'Uint32Array');
  const classes = categoriesOf(dataset).length;
  const batch = createBatch(dataset, size);
  const labels = batch.targets[0] as ColumnValues;
  const predictions = new Int32Array(size);
  const lossSum = new Float32Array(1);
  const correct = new Float32Array(1);
  const inputs = { state: f32Tensor(state), ...batchFeeds(plan, batch) };
  const outputs = {
    predictions: i32Tensor(predictions),
    lossSum: f32Tensor(lossSum, []),
    correct: f32Tensor(correct, []),
  };
  const confusion = new Uint32Array(classes * classes);
  const answers = { labels: new Uint8Array(indices.length), predictions: new Uint8Array(indices.length) };
  let [totalCorrect, totalLoss] = [0, 0];
  for (let start = 0; start < indices.length; start += size) {
    if (!(await keepGoing())) return undefined;
    fillBatch(batch, dataset, indices, start);
    await session.run(inputs, outputs);
    totalCorrect += correct[0] as number;
    totalLoss += lossSum[0] as number;
    answers.labels.set(labels.subarray(0, batch.count), start);
    answers.predictions.set(predictions.subarray(0, batch.count), start);
    for (let i = 0; i < batch.count; i++) {
      const cell = (labels[i] as number) * classes + (predictions[i] as number);
      confusion[cell] = (confusion[cell] as number) + 1;
    }
  }
  return { examples: indices.length, correct: totalCorrect, lossSum: totalLoss, confusion, answers };
}
