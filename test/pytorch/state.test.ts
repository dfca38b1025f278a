/**
 * Models trained here and saved as safetensors load strictly into the PyTorch modules, and predict
 * the same there.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { parseIdx } from '../../src/data/images/idx.js';
import { exportInference } from '../../src/engine/nn/export-inference.js';
import { initialState, type Network, parametersOf } from '../../src/engine/nn/layers/network.js';
import { onPixels, pixels } from '../../src/engine/nn/models/normalize-pixels.js';
import { paperCnn } from '../../src/engine/nn/models/paper-cnn.js';
import { resnet8 } from '../../src/engine/nn/models/resnet8.js';
import { sgd } from '../../src/engine/nn/optimizers.js';
import { compilePlan } from '../../src/engine/nn/plan.js';
import { classification } from '../../src/engine/nn/tasks/classification.js';
import { ortNode } from '../../src/engine/runtime/node/ort-node.js';
import { encodeSafetensors } from '../../src/tensor/safetensors.js';
import type { StateDict } from '../../src/tensor/state-dict.js';
import { f32Tensor, i32Tensor, type Tensor, u8Tensor } from '../../src/tensor/tensor.js';
import { PYTORCH, requires } from '../requires.js';

const IMAGE = [1, 28, 28];
const PIXELS = 784;
const BATCH = 16;
const STEPS = 12;
const PREDICTED = 64;
const NORMALIZATION = { mean: [0.286], deviation: [0.353] };

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const sampleFile = (name: string) => pathOf(`../fixtures/fashion-mnist-sample/${name}-ubyte.gz`);

function sample(name: string, content: 'images' | 'labels'): Uint8Array {
  const file = sampleFile(name);
  return parseIdx({ file, bytes: gunzipSync(readFileSync(file)) }, content).values;
}

async function train(network: Network): Promise<StateDict> {
  const [images, labels] = [sample('train-images-idx3', 'images'), sample('train-labels-idx1', 'labels')];
  const plan = compilePlan({
    network: onPixels(network, NORMALIZATION),
    inputs: [pixels(IMAGE)],
    task: classification({ classes: 10 }),
    optimizer: sgd({ momentum: 0.9 }),
    batchSize: BATCH,
  });
  const session = await ortNode({ threads: 2 }).open(plan.trainingModel);
  let state: Tensor = f32Tensor(initialState(parametersOf(onPixels(network), [pixels(IMAGE)]), 'state').data);
  let slot0: Tensor = f32Tensor(new Float32Array(state.data.length));
  for (let step = 0; step < STEPS; step++) {
    const results = await session.run({
      state,
      slot0,
      images: u8Tensor(images.subarray(step * BATCH * PIXELS, (step + 1) * BATCH * PIXELS), [
        BATCH,
        ...IMAGE,
      ]),
      labels: i32Tensor(Int32Array.from(labels.subarray(step * BATCH, (step + 1) * BATCH))),
      weights: f32Tensor(new Float32Array(BATCH).fill(1)),
      learningRate: f32Tensor(Float32Array.of(0.02), []),
      step: i32Tensor(Int32Array.of(step + 1), []),
      seed: i32Tensor(Int32Array.of(0), []),
    });
    [state, slot0] = [results.nextState!, results.nextSlot0!];
  }
  await session.release();
  return { layout: plan.layout, data: state.data as Float32Array };
}

/** The logits of the first test images, a row for each. */
async function predict(network: Network, { layout, data }: StateDict): Promise<number[][]> {
  const model = exportInference({
    network: onPixels(network, NORMALIZATION),
    layout,
    state: data,
    inputs: [pixels(IMAGE)],
    task: classification({ classes: 10 }),
  });
  const session = await ortNode({ threads: 2 }).open(model);
  const images = sample('t10k-images-idx3', 'images').subarray(0, PREDICTED * PIXELS);
  const { logits } = await session.run({ images: u8Tensor(images, [PREDICTED, ...IMAGE]) });
  await session.release();
  return Array.from({ length: PREDICTED }, (_, i) => Array.from(logits!.data.subarray(10 * i, 10 * (i + 1))));
}

interface Checked {
  readonly predictions: readonly number[];
  readonly logits: readonly (readonly number[])[];
}

/** What PyTorch predicts with each of the saved states. */
function predictInPyTorch(
  python: string,
  models: readonly { readonly model: string; readonly state: StateDict }[],
): Checked[] {
  const folder = mkdtempSync(join(tmpdir(), 'commonweight-state-'));
  try {
    const given = models.map(({ model, state }, index) => {
      const file = join(folder, `${index}.safetensors`);
      writeFileSync(file, encodeSafetensors(state, { trainedBy: 'test' }));
      return `${file}=${model}`;
    });
    const { mean, deviation } = NORMALIZATION;
    const { status, stdout, stderr } = spawnSync(
      python,
      [
        ...[pathOf('check_state.py'), sampleFile('t10k-images-idx3'), String(PREDICTED), ...given],
        ...['--mean', String(mean[0]), '--std', String(deviation[0])],
      ],
      { encoding: 'utf8', maxBuffer: 2 ** 26 },
    );
    expect(status, stderr).toBe(0);
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Checked);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const python = requires(PYTORCH);

it.skipIf(python === undefined)(
  'models trained here, saved and loaded into PyTorch predict the same',
  async () => {
    const networks: [string, Network][] = [
      ['paper-cnn', paperCnn()],
      ['paper-cnn,5', paperCnn({ kernel: 5 })],
      ['resnet8', resnet8()],
    ];
    const models = [];
    for (const [model, network] of networks) {
      const state = await train(network);
      models.push({ model, state, ours: await predict(network, state) });
    }
    const checked = predictInPyTorch(python!, models);
    expect(checked).toHaveLength(models.length);
    for (const [place, { model, ours }] of models.entries()) {
      const theirs = checked[place]!;
      const differences = ours.flatMap((row, i) => row.map((z, c) => Math.abs(z - theirs.logits[i]![c]!)));
      expect(Math.max(...differences), model).toBeLessThan(1e-4);
      expect(ours.map((row) => row.indexOf(Math.max(...row)))).toEqual(theirs.predictions);
      // It has learnt something: otherwise equal predictions would say little.
      expect(new Set(theirs.predictions).size).toBeGreaterThan(2);
    }
  },
);
