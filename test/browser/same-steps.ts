/**
 * Training steps from the same weights on the same images, wherever they run: in Node natively, or
 * in a page.
 */

import { flatten, maxPool2d, relu } from '../../src/engine/graph/build.js';
import { carryOf } from '../../src/engine/nn/carry.js';
import { conv2d, dense } from '../../src/engine/nn/layers/layers.js';
import { initialState, type Network, parametersOf } from '../../src/engine/nn/layers/network.js';
import { onPixels, pixels } from '../../src/engine/nn/models/normalize-pixels.js';
import { paperCnn } from '../../src/engine/nn/models/paper-cnn.js';
import { sgd } from '../../src/engine/nn/optimizers.js';
import { compilePlan } from '../../src/engine/nn/plan.js';
import { classification } from '../../src/engine/nn/tasks/classification.js';
import type { Runtime } from '../../src/engine/runtime/runtime.js';
import { f32Tensor, i32Tensor, u8Tensor } from '../../src/tensor/tensor.js';

const LEARNING_RATE = 0.005;

/** Small enough for a GPU that is emulated. */
const small: Network = (scope, images) => {
  let x = maxPool2d(relu(conv2d(scope.in('conv1'), images, { filters: 8, kernel: 3, padding: 1 })), {
    kernel: 2,
  });
  x = relu(conv2d(scope.in('conv2'), x, { filters: 8, kernel: 3, padding: 1 }));
  return dense(scope.in('fc'), flatten(x), 10);
};

const RUNS = {
  'paper-cnn': { network: paperCnn(), batchSize: 64, size: 28 },
  small: { network: small, batchSize: 16, size: 14 },
};
export type RunName = keyof typeof RUNS;

export interface Pictures {
  /** [N,28,28]. */
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

/**
 * The mean loss of every step, by one plan everywhere: other parts of a batch would be added up in
 * another order.
 */
export async function lossesOf(
  runtime: Runtime,
  name: RunName,
  pictures: Pictures,
  steps: number,
): Promise<number[]> {
  const { batchSize, size } = RUNS[name];
  const network = onPixels(RUNS[name].network);
  const inputs = [pixels([1, size, size])];
  const plan = compilePlan({
    network,
    inputs,
    task: classification({ classes: 10 }),
    optimizer: sgd({ momentum: 0.9 }),
    batchSize,
  });
  const session = await runtime.open(plan.trainingModel, { carry: carryOf(plan) });
  const { data } = initialState(parametersOf(network, inputs), 'same steps');
  await session.write({ state: f32Tensor(data), slot0: f32Tensor(new Float32Array(data.length)) });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const batch = takeBatch(pictures, step * batchSize, batchSize, size);
    const { lossSum } = await session.run({
      images: u8Tensor(batch.images, [batchSize, 1, size, size]),
      labels: i32Tensor(batch.labels),
      weights: f32Tensor(new Float32Array(batchSize).fill(1)),
      learningRate: f32Tensor(Float32Array.of(LEARNING_RATE), []),
      step: i32Tensor(Int32Array.of(step + 1), []),
      seed: i32Tensor(Int32Array.of(1), []),
    });
    losses.push((lossSum?.data[0] ?? Number.NaN) / batchSize);
  }
  await session.release();
  return losses;
}

/**
 * The pictures from `start` on, around the end, with every second line and column where they shall
 * be half as large.
 */
function takeBatch({ images, labels }: Pictures, start: number, count: number, size: number) {
  const stride = 28 / size;
  const batch = { images: new Uint8Array(count * size * size), labels: new Int32Array(count) };
  for (let i = 0; i < count; i++) {
    const picture = (start + i) % labels.length;
    batch.labels[i] = labels[picture] as number;
    for (let p = 0; p < size * size; p++) {
      const [u, v] = [Math.floor(p / size) * stride, (p % size) * stride];
      batch.images[i * size * size + p] = images[picture * 784 + u * 28 + v] as number;
    }
  }
  return batch;
}
