/**
 * Training a part of a network follows PyTorch: groups of parameters, frozen weights, and LoRA.
 * `record_fine_tuning.py` recorded the losses of ten steps, the state after them, and the logits of
 * every example; weights and data are the same functions of position here.
 */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { exportInference } from '../../src/engine/nn/export-inference.js';
import { ADAPTERS, mergedLora, withLora } from '../../src/engine/nn/layers/lora.js';
import { type Network, parametersOf, weightsIn } from '../../src/engine/nn/layers/network.js';
import type { TrainedPart } from '../../src/engine/nn/layers/trained-part.js';
import { mlp } from '../../src/engine/nn/models/mlp.js';
import { adam, type Optimizer, sgd } from '../../src/engine/nn/optimizers.js';
import type { ParameterGroup } from '../../src/engine/nn/parameter-groups.js';
import { compilePlan } from '../../src/engine/nn/plan.js';
import { classification } from '../../src/engine/nn/tasks/classification.js';
import { ortNode } from '../../src/engine/runtime/node/ort-node.js';
import type { Session } from '../../src/engine/runtime/runtime.js';
import {
  joinStates,
  layoutSize,
  type StateDict,
  type StateLayout,
  stateLayout,
  tensorView,
} from '../../src/tensor/state-dict.js';
import { f32Tensor, i32Tensor } from '../../src/tensor/tensor.js';

interface Recording {
  readonly losses: readonly number[];
  readonly state: Readonly<Record<string, readonly [number, number]>>;
  readonly logits: readonly number[];
}
const { recordings } = JSON.parse(readFileSync(new URL('fine-tuning.json', import.meta.url), 'utf8')) as {
  recordings: Readonly<Record<string, Recording>>;
};

const [EXAMPLES, BATCH, CLASSES, FEATURES] = [21, 8, 3, 5];
const inputs = [{ name: 'x', dtype: 'f32', shape: [FEATURES] }] as const;
const task = classification({ classes: CLASSES });
const network = mlp({ classes: CLASSES, hidden: [6, 4] });
const lora = { rank: 2, alpha: 6 };
const adapted = withLora(network, { ...lora, targets: ['fc1.*', 'fc2.weight'] });

interface Case extends TrainedPart {
  readonly network: Network;
  readonly optimizer: Optimizer;
  readonly rate: number;
  readonly groups?: readonly ParameterGroup[];
}
const groups = [
  { weights: ['fc1.*', 'fc2.weight'], learningRateFactor: 0.1 },
  { weights: ['*.bias'], weightDecay: 0 },
];
const withSgd = { optimizer: sgd({ momentum: 0.9, weightDecay: 0.1 }), rate: 0.05 };
const withAdam = { optimizer: adam({ weightDecay: 0.1 }), rate: 0.01 };
const withAdamW = { optimizer: adam({ weightDecay: 0.1, decoupled: true }), rate: 0.01 };
const cases: Readonly<Record<string, Case>> = {
  'groups with sgd': { network, ...withSgd, groups },
  'groups with adam': { network, ...withAdam, groups },
  'groups with adamw': { network, ...withAdamW, groups },
  'a part': { network, ...withAdamW, train: ['fc2.*', 'fc3.*'], freeze: ['*.bias'] },
  lora: { network: adapted, ...withAdamW, train: [...ADAPTERS, 'fc3.*'] },
  'lora with a frozen factor': { network: adapted, ...withSgd, train: [...ADAPTERS], freeze: ['*.lora_A.*'] },
};

function startOf(layout: StateLayout): StateDict {
  const data = new Float32Array(layoutSize(layout));
  for (const { name, shape, offset, size } of layout) {
    const phase = [...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
    for (let i = 0; i < size; i++) data[offset + i] = Math.sin(0.7 * i + phase) / Math.sqrt(shape.at(-1)!);
  }
  return { layout, data };
}

const waves = Float32Array.from({ length: EXAMPLES * FEATURES }, (_, i) => 2 * Math.sin(1.7 * i + 0.3));
const summary = (values: ArrayLike<number>) => [
  Array.from(values, (value, i) => value * Math.cos(3 * i + 1)).reduce((a, b) => a + b, 0),
  Math.sqrt(Array.from(values, (value) => value * value).reduce((a, b) => a + b, 0)),
];

function expectClose(actual: ArrayLike<number>, expected: readonly number[], what: string) {
  expect(actual.length, what).toBe(expected.length);
  expect(Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!))), what).toBeLessThan(1e-5);
}

const opened: Session[] = [];
afterAll(() => Promise.all(opened.map((session) => session.release())));

/** The losses of ten steps, and the whole model after them. */
async function train({ rate, ...options }: Case) {
  const plan = compilePlan({ ...options, inputs, task, batchSize: BATCH });
  const session = await ortNode().open(plan.trainingModel);
  opened.push(session);
  const frozen = startOf(plan.frozen);
  let state = startOf(plan.layout);
  let slots = Array.from({ length: plan.slotCount }, () =>
    f32Tensor(new Float32Array(weightsIn(plan.layout))),
  );
  const losses: number[] = [];
  for (let step = 0; step < 10; step++) {
    const begin = (step % 3) * BATCH;
    const filled = Math.min(BATCH, EXAMPLES - begin);
    const batch = new Float32Array(BATCH * FEATURES);
    batch.set(waves.subarray(begin * FEATURES, (begin + filled) * FEATURES));
    const results = await session.run({
      state: f32Tensor(state.data),
      ...Object.fromEntries(slots.map((slot, index) => [`slot${index}`, slot])),
      ...(plan.frozen.length > 0 && { frozen: f32Tensor(frozen.data) }),
      x: f32Tensor(batch, [BATCH, FEATURES]),
      labels: i32Tensor(Int32Array.from({ length: BATCH }, (_, i) => ((begin + i) * 7) % CLASSES)),
      weights: f32Tensor(Float32Array.from({ length: BATCH }, (_, i) => Number(i < filled))),
      learningRate: f32Tensor(Float32Array.of(rate), []),
      step: i32Tensor(Int32Array.of(step + 1), []),
      seed: i32Tensor(Int32Array.of(0), []),
    });
    losses.push(results.lossSum!.data[0]! / results.counted!.data[0]!);
    state = { layout: plan.layout, data: Float32Array.from(results.nextState!.data) };
    slots = slots.map((_, index) => f32Tensor(Float32Array.from(results[`nextSlot${index}`]!.data)));
  }
  const parameters = parametersOf(options.network, inputs, options);
  const layout = stateLayout(parameters.map(({ name, shape }) => [name, shape]));
  return { losses, whole: joinStates(layout, state, frozen) };
}

describe.each(Object.entries(recordings))('%s', (name, recorded) => {
  it('has the losses of PyTorch over ten steps, its state after them, and its logits', async () => {
    const { losses, whole } = await train(cases[name]!);
    expectClose(losses, recorded.losses, 'losses');
    expect(whole.layout.map(({ name }) => name).sort()).toEqual(Object.keys(recorded.state).sort());
    for (const [tensor, expected] of Object.entries(recorded.state)) {
      expectClose(summary(tensorView(whole, tensor)), expected, tensor);
    }
    // The exported model is the plain network, into which adapters are merged.
    const { layout, data: state } = mergedLora(whole.layout, [whole], lora);
    expect(layout.map(({ name }) => name)).toEqual(parametersOf(network, inputs).map(({ name }) => name));
    const session = await ortNode().open(exportInference({ network, inputs, task, layout, state }));
    opened.push(session);
    const { logits } = await session.run({ x: f32Tensor(waves, [EXAMPLES, FEATURES]) });
    expectClose(logits!.data, recorded.logits, 'logits');
  });
});
