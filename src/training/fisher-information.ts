/** state + data → the diagonal of the Fisher information, by a Fisher plan. */

import type { RandomStream } from '../base/random.js';
import { createBatch, fillBatch } from '../data/batches/batches.js';
import type { Dataset } from '../data/dataset.js';
import type { FisherPlan } from '../engine/nn/fisher-plan.js';
import type { Session } from '../engine/runtime/runtime.js';
import { requireArray } from '../tensor/arrays.js';
import { f32Tensor } from '../tensor/tensor.js';
import { batchFeeds } from './batch-feeds.js';
import type { KeepGoing } from './keep-going.js';

/**
 * The mean over the examples at `indices`, in the layout of the state.
 * @param session of the plan's model
 * @param signs where the random signs are drawn from
 * @param keepGoing asked before every batch; when it says no, the result is undefined
 */
export async function fisherInformation(
  session: Session,
  { inputs, size, classes, batchSize }: FisherPlan,
  state: Float32Array,
  dataset: Dataset,
  indices: Uint32Array,
  signs: RandomStream,
  keepGoing: KeepGoing = () => true,
): Promise<Float32Array | undefined> {
  requireArray('evaluation: the list of examples', indices, 'Uint32Array');
  const batch = createBatch(dataset, batchSize);
  const drawn = new Float32Array(batchSize * classes);
  const sum = new Float32Array(size);
  const feeds = {
    ...{ state: f32Tensor(state), signs: f32Tensor(drawn, [batchSize, classes]) },
    ...batchFeeds({ inputs }, batch),
  };
  const outputs = { sum: f32Tensor(sum) };
  const total = new Float64Array(size);
  for (let start = 0; start < indices.length; start += batchSize) {
    if (!(await keepGoing())) return undefined;
    fillBatch(batch, dataset, indices, start);
    for (let i = 0; i < drawn.length; i++) drawn[i] = signs.integer(2) === 0 ? -1 : 1;
    await session.run(feeds, outputs);
    for (let i = 0; i < size; i++) total[i] = (total[i] as number) + (sum[i] as number);
  }
  return Float32Array.from(total, (squares) => squares / indices.length);
}
