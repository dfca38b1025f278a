/**
 * The engine follows PyTorch: from the same weights, on the same batches, it has the same losses
 * step by step.
 *
 * Rounding grows from step to step, in PyTorch as here. Each recording says how far PyTorch on one
 * thread comes to lie from PyTorch on two; where that is beyond the tolerance, only the first steps
 * can be followed by anybody.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { parseIdx } from '../../src/data/images/idx.js';
import { lenet5 } from '../../src/engine/nn/models/lenet5.js';
import { mlp } from '../../src/engine/nn/models/mlp.js';
import { onPixels, pixels } from '../../src/engine/nn/models/normalize-pixels.js';
import { paperCnn } from '../../src/engine/nn/models/paper-cnn.js';
import { resnet8 } from '../../src/engine/nn/models/resnet8.js';
import { adam, type Optimizer, sgd } from '../../src/engine/nn/optimizers.js';
import { compilePlan } from '../../src/engine/nn/plan.js';
import { softmaxCrossEntropy } from '../../src/engine/nn/tasks/class-losses.js';
import { classification } from '../../src/engine/nn/tasks/classification.js';
import { ortNode } from '../../src/engine/runtime/node/ort-node.js';
import { f32Tensor, i32Tensor, type Tensor, u8Tensor } from '../../src/tensor/tensor.js';
import { oracleWeights } from './weights.js';

interface Settings {
  readonly learningRate: number;
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly weightDecay?: number;
  readonly clipGlobalNorm?: number;
  readonly labelSmoothing?: number;
}

interface Recording {
  readonly model: keyof typeof NETWORKS;
  readonly convolutionGain: number;
  readonly optimizer: keyof typeof OPTIMIZERS;
  readonly settings: Settings;
  /** The largest difference between PyTorch's losses on two threads and on one. */
  readonly threadDifference: number;
  readonly losses: readonly number[];
}

interface Recordings {
  readonly images: { readonly count: number; readonly sha256: string };
  readonly labels: { readonly count: number; readonly sha256: string };
  readonly batch: number;
  readonly recordings: readonly Recording[];
}

const NETWORKS = { 'paper-cnn': paperCnn(), lenet5: lenet5(), mlp: mlp(), resnet8: resnet8() };
const OPTIMIZERS = {
  sgd: (settings: Settings) => sgd(settings),
  adam: (settings: Settings) => adam(settings),
  adamw: (settings: Settings) => adam({ ...settings, decoupled: true }),
} satisfies Record<string, (settings: Settings) => Optimizer>;

const TOLERANCE = 1e-4;
const FIRST_STEPS = 10;
/** The longest recording takes about 15 s on two free cores. */
const SLOW_MACHINE_MS = 240_000;
const here = (path: string) => new URL(path, import.meta.url);
const recorded = JSON.parse(readFileSync(here('losses.json'), 'utf8')) as Recordings;

function sample(content: 'images' | 'labels', { count, sha256 }: Recordings['images']): Uint8Array {
  const file = `train-${content}-idx${content === 'images' ? 3 : 1}-ubyte.gz`;
  const bytes = gunzipSync(readFileSync(here(`../fixtures/fashion-mnist-sample/${file}`)));
  const { shape, values } = parseIdx({ file, bytes }, content);
  const used = values.subarray(0, (values.length / shape[0]!) * count);
  expect(createHash('sha256').update(used).digest('hex'), `${file} is not what was recorded from`).toBe(
    sha256,
  );
  return used;
}

/** The mean loss of every step, before its update. */
async function train(
  { model, convolutionGain, optimizer, settings }: Recording,
  steps: number,
): Promise<number[]> {
  const [images, labels] = [sample('images', recorded.images), sample('labels', recorded.labels)];
  const { batch } = recorded;
  const plan = compilePlan({
    network: onPixels(NETWORKS[model]),
    inputs: [pixels([1, 28, 28])],
    task: classification({ classes: 10, loss: softmaxCrossEntropy(settings) }),
    optimizer: OPTIMIZERS[optimizer](settings),
    batchSize: batch,
    clipNorm: settings.clipGlobalNorm,
  });
  const session = await ortNode({ threads: 2 }).open(plan.trainingModel);
  const weights = f32Tensor(new Float32Array(batch).fill(1));
  const learningRate = f32Tensor(Float32Array.of(settings.learningRate), []);
  let state: Tensor = f32Tensor(oracleWeights(plan.layout, convolutionGain).data);
  let slots = Array.from({ length: plan.slotCount }, () => f32Tensor(new Float32Array(state.data.length)));
  const means: number[] = [];
  for (let step = 0; step < steps; step++) {
    const first = (step * batch) % recorded.images.count;
    const results = await session.run({
      state,
      ...Object.fromEntries(slots.map((slot, index) => [`slot${index}`, slot])),
      images: u8Tensor(images.subarray(first * 784, (first + batch) * 784), [batch, 1, 28, 28]),
      labels: i32Tensor(Int32Array.from(labels.subarray(first, first + batch))),
      weights,
      learningRate,
      step: i32Tensor(Int32Array.of(step + 1), []),
      seed: i32Tensor(Int32Array.of(0), []),
    });
    means.push(results.lossSum!.data[0]! / batch);
    state = results.nextState!;
    slots = slots.map((_, index) => results[`nextSlot${index}`]!);
  }
  await session.release();
  return means;
}

/** How many steps can be followed. */
function stepsOf({ threadDifference, losses }: Recording): number {
  return threadDifference < TOLERANCE ? losses.length : FIRST_STEPS;
}

function nameOf(recording: Recording, steps: number): string {
  const { model, convolutionGain, optimizer, settings } = recording;
  const details = Object.entries(settings).map(([name, value]) => `${name} ${value}`);
  if (convolutionGain !== 1) details.push(`convolutions times ${convolutionGain}`);
  return `${model}, ${steps} steps of ${optimizer} (${details.join(', ')})`;
}

/** @param mostSteps how far each network is followed; those of convolutions take long for a step */
export function describeTrajectories(mostSteps: (model: Recording['model']) => number): void {
  describe('training follows the losses recorded from PyTorch', () => {
    const figures: string[] = [];
    afterAll(() => console.info(`largest differences from PyTorch's losses:\n${figures.join('\n')}`));

    const followed = recorded.recordings.map((recording) => {
      const steps = Math.min(stepsOf(recording), mostSteps(recording.model));
      return { name: nameOf(recording, steps), recording, steps };
    });
    it.each(followed)(
      '$name',
      async ({ name, recording, steps }) => {
        const losses = await train(recording, steps);
        const differences = losses.map((loss, step) => Math.abs(loss - recording.losses[step]!));
        const largest = Math.max(...differences);
        const own = recording.threadDifference.toExponential(1);
        const figure = `${largest.toExponential(1)} (PyTorch's own: ${own}) at step ${differences.indexOf(largest) + 1}: ${name}`;
        figures.push(figure);
        expect(largest, figure).toBeLessThan(TOLERANCE);
      },
      SLOW_MACHINE_MS,
    );
  });
}
