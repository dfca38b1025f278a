/**
 * Training as a federation does it, step after step on one set of images; for Node and for pages.
 */

import { createBatch, fillBatch } from '../src/data/batches/batches.js';
import type { ImageDataset } from '../src/data/images/image-dataset.js';
import { carryOf } from '../src/engine/nn/carry.js';
import { initialState, weightsIn } from '../src/engine/nn/layers/network.js';
import type { Plan } from '../src/engine/nn/plan.js';
import type { Runtime, Tensors } from '../src/engine/runtime/runtime.js';
import { f32Tensor, i32Tensor } from '../src/tensor/tensor.js';
import { batchFeeds } from '../src/training/batch-feeds.js';
import { LEARNING_RATE, type NetworkName, parametersOfNetwork, planOf } from './networks.js';

export interface Training {
  /** One step; its mean loss. */
  step(): Promise<number>;
  release(): Promise<void>;
}

export async function startTraining(
  runtime: Runtime,
  network: NetworkName,
  batchSize: number,
  dataset: ImageDataset,
): Promise<Training> {
  const plan = planOf(network, batchSize, runtime.partBytes);
  const session = await runtime.open(plan.trainingModel, { carry: carryOf(plan) });
  await session.write(startOf(network));
  const batch = inputsOfBatch(plan, dataset);
  const lossSum = new Float32Array(1);
  const results = { lossSum: f32Tensor(lossSum, []), counted: f32Tensor(new Float32Array(1), []) };
  let steps = 0;
  return {
    async step() {
      batch.fill(steps++);
      await session.run(batch.inputs, results);
      return (lossSum[0] as number) / batchSize;
    },
    release: () => session.release(),
  };
}

/** State and slots at the first step. */
export function startOf(network: NetworkName): Tensors {
  const { data, layout } = initialState(parametersOfNetwork(network), 1);
  return { state: f32Tensor(data), slot0: f32Tensor(new Float32Array(weightsIn(layout))) };
}

interface BatchInputs {
  readonly inputs: Tensors;
  /** Puts the images of this step, counted from 0, into the inputs. */
  fill(step: number): void;
}

/** What a training step reads besides state and slots. */
export function inputsOfBatch(plan: Plan, dataset: ImageDataset): BatchInputs {
  const { batchSize } = plan;
  const batch = createBatch(dataset, batchSize);
  // A batch may begin anywhere in the set, and go on from its start.
  const order = Uint32Array.from({ length: dataset.examples + batchSize }, (_, i) => i % dataset.examples);
  const stepNumber = new Int32Array(1);
  return {
    inputs: {
      ...batchFeeds(plan, batch),
      learningRate: f32Tensor(Float32Array.of(LEARNING_RATE), []),
      step: i32Tensor(stepNumber, []),
      seed: i32Tensor(Int32Array.of(1), []),
    },
    fill(step) {
      fillBatch(batch, dataset, order, (step * batchSize) % dataset.examples);
      stepNumber[0] = step + 1;
    },
  };
}
