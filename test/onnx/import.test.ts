/**
 * Files of other programs are trained as there: `record.py` recorded what ONNX Runtime and
 * scikit-learn compute with each file, and the losses of ten steps of PyTorch.
 */
import { afterAll, describe, expect, it } from 'vitest';
import * as g from '../../src/engine/graph/build.js';
import { exportInference } from '../../src/engine/nn/export-inference.js';
import { type ImportedNetwork, importNetwork } from '../../src/engine/nn/imported/import-network.js';
import { weightsIn } from '../../src/engine/nn/layers/network.js';
import { sgd } from '../../src/engine/nn/optimizers.js';
import { compilePlan } from '../../src/engine/nn/plan.js';
import { classification } from '../../src/engine/nn/tasks/classification.js';
import { segmentation } from '../../src/engine/nn/tasks/segmentation.js';
import { ortNode } from '../../src/engine/runtime/node/ort-node.js';
import type { Session } from '../../src/engine/runtime/runtime.js';
import { arrangeState } from '../../src/tensor/state-dict.js';
import { f32Tensor, i32Tensor } from '../../src/tensor/tensor.js';
import { type FileRecording, inputOf, RECORDED_BATCH, recordedFile, recordings } from './files.js';

const opened: Session[] = [];
const open = async (model: Uint8Array) => {
  const session = await ortNode().open(model);
  opened.push(session);
  return session;
};
afterAll(() => Promise.all(opened.map((session) => session.release())));

const feedsOf = ({ inputs }: ImportedNetwork, recording: FileRecording) =>
  Object.fromEntries(inputs.map((column) => [column.name, inputOf(column, recording)]));

const taskOf = ({ output: { shape } }: ImportedNetwork) =>
  shape.length === 1
    ? classification({ classes: shape[0] ?? 1 })
    : segmentation({
        target: { name: 'labels', shape: [shape[1] ?? 1, shape[2] ?? 1] },
        classes: shape[0] ?? 1,
      });

function expectClose(actual: ArrayLike<number>, expected: readonly number[], within: number) {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  const largest = Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!)));
  expect(largest / scale).toBeLessThan(within);
}

/** The mean losses before each of ten steps on the batch. */
async function lossesOf(imported: ImportedNetwork, recording: FileRecording) {
  const { network, inputs } = imported;
  const plan = compilePlan({
    network,
    inputs,
    task: taskOf(imported),
    optimizer: sgd({ momentum: 0.9 }),
    batchSize: RECORDED_BATCH,
  });
  const session = await open(plan.trainingModel);
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
      learningRate: f32Tensor(Float32Array.of(0.05), []),
      step: i32Tensor(Int32Array.of(step + 1), []),
      seed: i32Tensor(Int32Array.of(0), []),
    });
    losses.push(results.lossSum!.data[0]! / results.counted!.data[0]!);
    state = Float32Array.from(results.nextState!.data);
    slots = slots.map((_, index) => Float32Array.from(results[`nextSlot${index}`]!.data));
  }
  return losses;
}

const targetsOf = ({ output: { shape } }: ImportedNetwork) => ({
  shape: [RECORDED_BATCH, ...shape.slice(1)],
  classes: shape[0] ?? 1,
});

describe.each(Object.entries(recordings))('%s', (name, recording) => {
  const read = (norm: 'batch' | 'frozen') => importNetwork(recordedFile(name), { norm, dropout: false });

  it('gives what ONNX Runtime gives for the file', async () => {
    const imported = read('batch');
    const { network, inputs, state } = imported;
    const model = exportInference({
      network,
      inputs,
      layout: state.layout,
      state: state.data,
      task: { outputs: (scores) => ({ scores, probabilities: g.softmax(scores, 1) }) },
    });
    const session = await open(model);
    const { scores, probabilities } = await session.run(feedsOf(imported, recording));
    if (recording.outputs !== undefined) expectClose(scores!.data, recording.outputs, 1e-5);
    else expectClose(probabilities!.data, recording.probabilities!, 1e-5);
  });

  it.each(Object.entries(recording.losses))('follows PyTorch with batch norm %s', async (norm, losses) => {
    const ours = await lossesOf(read(norm as 'batch' | 'frozen'), recording);
    for (const [step, loss] of losses.entries())
      expect(Math.abs(ours[step]! - loss), `step ${step}`).toBeLessThan(1e-4);
  });
});
