/** Trains the network of a file as record.py trained its module, and runs it. */
import { expect } from 'vitest';
import * as g from '../../src/engine/graph/build.js';
import { exportInference } from '../../src/engine/nn/export-inference.js';
import type { ImportedNetwork } from '../../src/engine/nn/imported/import-network.js';
import { weightsIn } from '../../src/engine/nn/layers/network.js';
import { sgd } from '../../src/engine/nn/optimizers.js';
import { compilePlan } from '../../src/engine/nn/plan.js';
import { classification } from '../../src/engine/nn/tasks/classification.js';
import { segmentation } from '../../src/engine/nn/tasks/segmentation.js';
import { ortNode } from '../../src/engine/runtime/node/ort-node.js';
import { arrangeState } from '../../src/tensor/state-dict.js';
import { f32Tensor, i32Tensor } from '../../src/tensor/tensor.js';
import { type FileRecording, inputOf, RECORDED_BATCH } from './files.js';

const feedsOf = ({ inputs }: ImportedNetwork, recording: FileRecording) =>
  Object.fromEntries(inputs.map((column) => [column.name, inputOf(column, recording)]));

const taskOf = ({ output: { shape } }: ImportedNetwork) =>
  shape.length === 1
    ? classification({ classes: shape[0] ?? 1 })
    : segmentation({
        target: { name: 'labels', shape: [shape[1] ?? 1, shape[2] ?? 1] },
        classes: shape[0] ?? 1,
      });

/** Within a share of the largest of the expected numbers. */
export function expectClose(actual: ArrayLike<number>, expected: readonly number[], within: number) {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  const largest = Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!)));
  expect(largest / scale).toBeLessThan(within);
}

/** The mean losses before each of ten steps on the batch. */
export async function lossesOf(imported: ImportedNetwork, recording: FileRecording, rate = 0.05) {
  const { network, inputs } = imported;
  const plan = compilePlan({
    network,
    inputs,
    task: taskOf(imported),
    optimizer: sgd({ momentum: 0.9 }),
    batchSize: RECORDED_BATCH,
  });
  const session = await ortNode().open(plan.trainingModel);
  let state = arrangeState(imported.state, plan.layout, 'the file').data;
  let slots = Array.from({ length: plan.slotCount }, () => new Float32Array(weightsIn(plan.layout)));
  const { shape, classes } = targetsOf(imported);
  const count = shape.reduce((a, b) => a * b, 1);
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const losses: number[] = [];
  for (let step = 0; step < 10; step++) {
    const results = await session.run({
      state: f32Tensor(state),
      ...Object.fromEntries(slots.map((slot, index) => [`slot${index}`, f32Tensor(slot)])),
      ...feedsOf(imported, recording),
      labels: i32Tensor(labels, shape),
      weights: f32Tensor(new Float32Array(RECORDED_BATCH).fill(1)),
      learningRate: f32Tensor(Float32Array.of(rate), []),
      step: i32Tensor(Int32Array.of(step + 1), []),
      seed: i32Tensor(Int32Array.of(0), []),
    });
    losses.push(results.lossSum!.data[0]! / results.counted!.data[0]!);
    state = Float32Array.from(results.nextState!.data);
    slots = slots.map((_, index) => Float32Array.from(results[`nextSlot${index}`]!.data));
  }
  await session.release();
  return losses;
}

const targetsOf = ({ output: { shape } }: ImportedNetwork) => ({
  shape: [RECORDED_BATCH, ...shape.slice(1)],
  classes: shape[0] ?? 1,
});

/** Scores and probabilities of the batch, in evaluation. */
export async function scoresOf(imported: ImportedNetwork, recording: FileRecording) {
  const { network, inputs, state } = imported;
  const model = exportInference({
    network,
    inputs,
    layout: state.layout,
    state: state.data,
    task: { outputs: (scores) => ({ scores, probabilities: g.softmax(scores, 1) }) },
  });
  const session = await ortNode().open(model);
  const { scores, probabilities } = await session.run(feedsOf(imported, recording));
  await session.release();
  return { scores: scores!.data, probabilities: probabilities!.data };
}
