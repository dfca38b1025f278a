import { expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { batchesHere } from '../../data/batches/training-batches.js';
import { imageDataset } from '../../data/images/image-dataset.js';
import { partition } from '../../data/partition/partition.js';
import { partitionByName } from '../../data/partition/partitioners.js';
import { carryOf } from '../../engine/nn/carry.js';
import { initialState, parametersOf } from '../../engine/nn/layers/network.js';
import { mlp } from '../../engine/nn/models/mlp.js';
import { onPixels, pixels } from '../../engine/nn/models/normalize-pixels.js';
import { sgd } from '../../engine/nn/optimizers.js';
import { compilePlan } from '../../engine/nn/plan.js';
import { classification } from '../../engine/nn/tasks/classification.js';
import { ortNode } from '../../engine/runtime/node/ort-node.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { f32Tensor, i32Tensor, u8Tensor } from '../../tensor/tensor.js';
import { runFederation } from './run-federation.js';

const CLASSES = 4;
function spots(name: string, examples: number) {
  const random = randomStream(5, name);
  const labels = Uint8Array.from({ length: examples }, (_, index) => index % CLASSES);
  return imageDataset({
    name,
    images: Uint8Array.from(
      { length: examples * 16 },
      (_, at) => random.integer(100) + (at % CLASSES === labels[at >> 4] ? 120 : 0),
    ),
    labels,
    channels: 1,
    height: 4,
    width: 4,
    classNames: ['a', 'b', 'c', 'd'],
  });
}

const train = spots('spots', 160);
const data = { train, test: spots('test', 40) };
const [ROUNDS, BATCH, RATE, SEED] = [20, 16, 0.5, 3];
const configuration: ConfigurationInput = {
  seed: SEED,
  partition: { name: 'h', participants: 2, validation: 0.2 },
  normalization: { mean: [0], deviation: [1] },
  model: { name: 'mlp', hidden: [8] },
  optimizer: { name: 'sgd', learningRate: RATE },
  batchSize: BATCH,
  local: { steps: 1 },
  rounds: ROUNDS,
  evaluateEvery: ROUNDS,
};

/**
 * Without momentum the mean of the two next states is w − η·(g₁ + g₂)/2, and (g₁ + g₂)/2 is the
 * gradient of both batches together where they are of one size.
 */
it('two participants of other classes, one step of gradient descent a round, are pooled training', async () => {
  const { model } = await runFederation(configuration, { data, workers: 2 });

  const network = onPixels(mlp({ classes: CLASSES, hidden: [8], dropout: 0 }));
  const inputs = [pixels([1, 4, 4])];
  const plan = compilePlan({
    network,
    inputs,
    task: classification({ classes: CLASSES }),
    optimizer: sgd(),
    batchSize: 2 * BATCH,
  });
  const session = await ortNode().open(plan.trainingModel, { carry: carryOf(plan) });
  const start = initialState(parametersOf(network, inputs), SEED, 'initial weights').data;
  await session.write({ state: f32Tensor(start) });
  const shares = partition(train, partitionByName('h'), {
    participants: 2,
    seed: SEED,
    validationFraction: 0.2,
  });
  const sources = shares.map(({ name, train: indices }) =>
    batchesHere(train, {
      ...{ indices, batchSize: BATCH, steps: ROUNDS, seed: SEED, participant: name, round: 1 },
      stepsBefore: 0,
    }),
  );
  for (let step = 1; step <= ROUNDS; step++) {
    const [first, second] = sources.map((source) => source.next());
    await session.run({
      images: u8Tensor(Uint8Array.of(...first!.inputs[0]!, ...second!.inputs[0]!), [2 * BATCH, 1, 4, 4]),
      labels: i32Tensor(Int32Array.of(...first!.targets[0]!, ...second!.targets[0]!)),
      weights: f32Tensor(Float32Array.of(...first!.weights, ...second!.weights)),
      learningRate: f32Tensor(Float32Array.of(RATE), []),
      step: i32Tensor(Int32Array.of(step), []),
      seed: i32Tensor(Int32Array.of(0), []),
    });
  }
  const pooled = (await session.read()).state!.data;
  await session.release();

  const largest = (difference: (at: number) => number) =>
    Math.max(...start.map((_, at) => Math.abs(difference(at))));
  expect(largest((at) => pooled[at]! - start[at]!)).toBeGreaterThan(0.1);
  expect(largest((at) => pooled[at]! - model!.data[at]!)).toBeLessThan(1e-6);
});
