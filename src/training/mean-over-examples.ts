/** state + data → the mean of what a sum plan gives for each example. */

import type { RandomStream } from '../base/random.js';
import { createBatch, fillBatch } from '../data/batches/batches.js';
import type { Dataset } from '../data/dataset.js';
import type { Plan } from '../engine/nn/plan.js';
import type { SumPlan } from '../engine/nn/sum-plan.js';
import type { Session } from '../engine/runtime/runtime.js';
import { requireArray } from '../tensor/arrays.js';
import { f32Tensor } from '../tensor/tensor.js';
import { batchFeeds } from './batch-feeds.js';
import type { KeepGoing } from './keep-going.js';

/**
 * The mean over the examples at `indices`, in the layout of the state.
 * @param session of the sum plan's model
 * @param columns the names of what a batch has
 * @param signs where the random signs are drawn from
 * @param keepGoing asked before every batch; when it says no, the result is undefined
 */
export async function meanOverExamples(
  session: Session,
  { signs: signsEach, batchSize }: SumPlan,
  columns: Pick<Plan, 'inputs' | 'targets'>,
  state: Float32Array,
  dataset: Dataset,
  indices: Uint32Array,
  signs: RandomStream,
  keepGoing: KeepGoing = () => true,
): Promise<Float32Array | undefined> {
  requireArray('evaluation: the list of examples', indices, 'Uint32Array');
  const batch = createBatch(dataset, batchSize);
  const drawn = new Float32Array(batchSize * signsEach);
  const sum = new Float32Array(state.length);
  const feeds = {
    ...{ state: f32Tensor(state), signs: f32Tensor(drawn, [batchSize, signsEach]) },
    ...batchFeeds(columns, batch),
  };
  const outputs = { sum: f32Tensor(sum) };
  const total = new Float64Array(state.length);
  for (let start = 0; start < indices.length; start += batchSize) {
    if (!(await keepGoing())) return undefined;
    fillBatch(batch, dataset, indices, start);
    for (let i = 0; i < drawn.length; i++) drawn[i] = signs.integer(2) === 0 ? -1 : 1;
    await session.run(feeds, outputs);
    for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + (sum[i] as number);
  }
  return Float32Array.from(total, (value) => value / indices.length);
}
