/** Sums the features that go into the last layer: state and data → sums, by a feature plan. */
import { createBatch, fillBatch } from '../data/batches/batches.js';
import type { ColumnValues, Dataset } from '../data/dataset.js';
import type { FeaturePlan } from '../engine/nn/feature-plan.js';
import type { Session } from '../engine/runtime/runtime.js';
import { rowStart } from '../merge/refit/cholesky.js';
import { emptySums, type FeatureSums } from '../merge/refit/feature-sums.js';
import { requireArray } from '../tensor/arrays.js';
import { f32Tensor } from '../tensor/tensor.js';
import { batchFeeds } from './batch-feeds.js';
import type { KeepGoing } from './keep-going.js';

/** Sessions for a feature plan's two models. */
export interface FeatureSessions {
  readonly features: Session;
  readonly gram: Session;
}

/**
 * A = ΦᵀΦ and b = ΦᵀY of the examples at `indices`, in float64; the last feature is always 1.
 * @param keepGoing called before every batch; if it returns false, the result is undefined
 */
export async function sumFeatures(
  sessions: FeatureSessions,
  plan: FeaturePlan,
  state: Float32Array,
  dataset: Dataset,
  indices: Uint32Array,
  keepGoing: KeepGoing = () => true,
): Promise<FeatureSums | undefined> {
  const { features, classes, batchSize } = plan;
  requireArray('evaluation: the list of examples', indices, 'Uint32Array');
  const batch = createBatch(dataset, batchSize);
  const { weights: _, ...columns } = batchFeeds({ inputs: plan.inputs }, batch);
  const feeds = { state: f32Tensor(state), ...columns };
  const phi = new Float32Array(batchSize * features);
  const outputs = { features: f32Tensor(phi, [batchSize, features]) };
  const sums = emptySums(features + 1, classes);
  const block = gramBlock(sessions.gram, plan, sums);
  for (let start = 0; start < indices.length; start += batchSize) {
    if (!(await keepGoing())) return undefined;
    fillBatch(batch, dataset, indices, start);
    await sessions.features.run(feeds, outputs);
    for (let row = 0; row < batch.count; row++) {
      const values = phi.subarray(row * features, (row + 1) * features);
      addTarget(sums, values, (batch.targets[0] as ColumnValues)[row] as number, classes);
      await block.push(values);
    }
  }
  await block.flush();
  addConstant(sums, features, classes);
  return sums;
}

/** Collects rows of features and adds their products to the sums, a block at a time. */
function gramBlock(session: Session, { features, blockSize }: FeaturePlan, { gram }: FeatureSums) {
  const rows = new Float32Array(blockSize * features);
  const high = new Float32Array(features * features);
  const low = new Float32Array(features * features);
  const inputs = { rows: f32Tensor(rows, [blockSize, features]) };
  const shape = [features, features];
  const outputs = { high: f32Tensor(high, shape), low: f32Tensor(low, shape) };
  let filled = 0;
  const flush = async () => {
    if (filled === 0) return;
    rows.fill(0, filled * features);
    await session.run(inputs, outputs);
    for (let i = 0; i < features; i++) {
      const [from, to] = [i * features, rowStart(i)];
      for (let j = 0; j <= i; j++) {
        const product = (high[from + j] as number) + (low[from + j] as number);
        gram[to + j] = (gram[to + j] as number) + product;
      }
    }
    filled = 0;
  };
  return {
    flush,
    async push(row: Float32Array) {
      rows.set(row, filled++ * features);
      if (filled === blockSize) await flush();
    },
  };
}

/** Adds an example to b: its features to its class's column, and 1 to the constant one's. */
function addTarget({ targets }: FeatureSums, row: Float32Array, label: number, classes: number): void {
  for (let i = 0; i < row.length; i++) {
    const at = i * classes + label;
    targets[at] = (targets[at] as number) + (row[i] as number);
  }
  const last = row.length * classes + label;
  targets[last] = (targets[last] as number) + 1;
}

/**
 * Fills the constant feature's row of A: the sum of each feature, which is its sum over all classes
 * in b.
 */
function addConstant({ gram, targets }: FeatureSums, features: number, classes: number): void {
  for (let i = 0; i <= features; i++) {
    const row = targets.subarray(i * classes, (i + 1) * classes);
    gram[rowStart(features) + i] = row.reduce((sum, value) => sum + value, 0);
  }
}
