/**
 * The network that predicts masks follows PyTorch: the gradients of a step, the losses of ten, the
 * state after them, and the exported scores. `record_masks.py` recorded what PyTorch computes;
 * weights and data are the same functions of position here.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exportInference } from '../../src/engine/nn/export-inference.js';
import { unet } from '../../src/engine/nn/models/unet.js';
import { sgd } from '../../src/engine/nn/optimizers.js';
import { compilePlan, type Plan } from '../../src/engine/nn/plan.js';
import { segmentation } from '../../src/engine/nn/tasks/segmentation.js';
import { ortNode } from '../../src/engine/runtime/node/ort-node.js';
import type { Session } from '../../src/engine/runtime/runtime.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { layoutSize, type StateLayout, tensorView } from '../../src/tensor/state-dict.js';
import { f32Tensor, i32Tensor } from '../../src/tensor/tensor.js';

type Summary = readonly [number, number];
interface Recording {
  readonly losses: readonly number[];
  readonly gradients: Readonly<Record<string, Summary>>;
  readonly state: Readonly<Record<string, Summary>>;
  readonly logits: Summary;
  readonly first: readonly number[];
}
const recorded: Recording = JSON.parse(readFileSync(new URL('masks.json', import.meta.url), 'utf8'));

const [EXAMPLES, BATCH, CLASSES] = [10, 4, 3];
const [CHANNELS, HEIGHT, WIDTH] = [2, 7, 10];
const PIXELS = HEIGHT * WIDTH;
const pictures = Float32Array.from(
  { length: EXAMPLES * CHANNELS * PIXELS },
  (_, i) => 2 * Math.sin(1.7 * i + 0.3),
);
const masks = Int32Array.from({ length: EXAMPLES * PIXELS }, (_, i) =>
  i % 7 === 6 ? 255 : Math.floor(i / 5) % CLASSES,
);

const network = unet({ classes: CLASSES });
const inputs = [{ name: 'x', dtype: 'f32', shape: [CHANNELS, HEIGHT, WIDTH] }] as const;
const task = segmentation({ target: { name: 'mask', shape: [HEIGHT, WIDTH] }, classes: CLASSES });

function startOf(layout: StateLayout) {
  const data = new Float32Array(layoutSize(layout));
  for (const [number, { shape, offset, size }] of layout.entries()) {
    for (let i = 0; i < size; i++)
      data[offset + i] = Math.sin(0.7 * i + number) / Math.sqrt(sizeOf(shape.slice(1)));
  }
  return data;
}

const summary = (values: ArrayLike<number>): Summary => [
  Array.from(values, (value, i) => value * Math.cos(3 * i + 1)).reduce((a, b) => a + b, 0),
  Math.sqrt(Array.from(values, (value) => value * value).reduce((a, b) => a + b, 0)),
];

function expectClose(actual: ArrayLike<number>, expected: readonly number[], within: number, what: string) {
  expect(actual.length, what).toBe(expected.length);
  const largest = Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!)));
  expect(largest, what).toBeLessThan(within);
}

const opened: Session[] = [];
const open = async (model: Uint8Array) => {
  const session = await ortNode().open(model);
  opened.push(session);
  return session;
};
afterAll(() => Promise.all(opened.map((session) => session.release())));

async function train(momentum: number, rate: number, steps: number) {
  const optimizer = sgd({ momentum });
  const plan: Plan = compilePlan({ network, inputs, task, optimizer, batchSize: BATCH });
  const session = await open(plan.trainingModel);
  let state = startOf(plan.layout);
  let slots = Array.from({ length: plan.slotCount }, () => new Float32Array(state.length));
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const begin = (step % 3) * BATCH;
    const filled = Math.min(BATCH, EXAMPLES - begin);
    // What stands in the empty places must not matter.
    const x = new Float32Array(BATCH * CHANNELS * PIXELS).fill(3);
    x.set(pictures.subarray(begin * CHANNELS * PIXELS, (begin + filled) * CHANNELS * PIXELS));
    const mask = new Int32Array(BATCH * PIXELS);
    mask.set(masks.subarray(begin * PIXELS, (begin + filled) * PIXELS));
    const results = await session.run({
      state: f32Tensor(state),
      ...Object.fromEntries(slots.map((slot, index) => [`slot${index}`, f32Tensor(slot)])),
      x: f32Tensor(x, [BATCH, CHANNELS, HEIGHT, WIDTH]),
      mask: i32Tensor(mask, [BATCH, HEIGHT, WIDTH]),
      weights: f32Tensor(Float32Array.from({ length: BATCH }, (_, i) => Number(i < filled))),
      learningRate: f32Tensor(Float32Array.of(rate), []),
      step: i32Tensor(Int32Array.of(step + 1), []),
      seed: i32Tensor(Int32Array.of(0), []),
    });
    losses.push(results.lossSum!.data[0]! / results.counted!.data[0]!);
    state = Float32Array.from(results.nextState!.data);
    slots = slots.map((_, index) => Float32Array.from(results[`nextSlot${index}`]!.data));
  }
  return { layout: plan.layout, data: state, losses };
}

let trained: Awaited<ReturnType<typeof train>>;
beforeAll(async () => {
  trained = await train(0.9, 0.05, 10);
});

it('has the gradients of PyTorch', async () => {
  const after = await train(0, 1, 1);
  const start = { layout: after.layout, data: startOf(after.layout) };
  expect(start.layout.map(({ name }) => name)).toEqual(Object.keys(recorded.gradients));
  for (const [tensor, expected] of Object.entries(recorded.gradients)) {
    const next = tensorView(after, tensor);
    const gradient = tensorView(start, tensor).map((value, i) => value - next[i]!);
    expectClose(summary(gradient), expected, 1e-5, tensor);
  }
});

it('has its losses over ten steps, and its state after them', () => {
  expectClose(trained.losses, recorded.losses, 1e-5, 'losses');
  for (const [tensor, expected] of Object.entries(recorded.state)) {
    expectClose(summary(tensorView(trained, tensor)), expected, 1e-4, tensor);
  }
});

it('exports a model that has its scores for any number of pictures', async () => {
  const { layout, data: state } = trained;
  const session = await open(exportInference({ network, layout, state, inputs, task }));
  const { logits, probabilities } = await session.run({
    x: f32Tensor(pictures, [EXAMPLES, CHANNELS, HEIGHT, WIDTH]),
  });
  expect(logits!.shape).toEqual([EXAMPLES, CLASSES, HEIGHT, WIDTH]);
  expectClose(summary(logits!.data), recorded.logits, 2e-3, 'logits');
  const lastOf = (values: ArrayLike<number>) =>
    [0, 1, 2].map((label) => values[(label + 1) * PIXELS - 1] as number);
  expectClose(lastOf(logits!.data), recorded.first, 1e-4, 'the last pixel of the first picture');
  expect(lastOf(probabilities!.data).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
});
