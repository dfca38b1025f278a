/**
 * A network with every role that a tensor can have: a running mean of what goes into it, a counter
 * of its steps, a frozen layer, and weights that training moves.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { centred, MOMENTUM } from '../../test/centred-network.js';
import { randomStream } from '../base/random.js';
import { allIndices } from '../data/batches/batches.js';
import { imageDataset } from '../data/images/image-dataset.js';
import * as g from '../engine/graph/build.js';
import { carryOf } from '../engine/nn/carry.js';
import { exportInference } from '../engine/nn/export-inference.js';
import { compileFisherPlan } from '../engine/nn/fisher-plan.js';
import { zeros } from '../engine/nn/layers/initializers.js';
import {
  initialFrozen,
  initialState,
  type Network,
  NetworkError,
  parametersOf,
  weightsIn,
} from '../engine/nn/layers/network.js';
import type { TrainedPart } from '../engine/nn/layers/trained-part.js';
import { onPixels, pixels } from '../engine/nn/models/normalize-pixels.js';
import { adam } from '../engine/nn/optimizers.js';
import { compilePlan } from '../engine/nn/plan.js';
import { classification } from '../engine/nn/tasks/classification.js';
import { readModel } from '../engine/onnx/import/read-model.js';
import { ortNode } from '../engine/runtime/node/ort-node.js';
import { accuracy } from '../metrics/metrics.js';
import { joinStates, layoutSize, partOfState, stateLayout, tensorView } from '../tensor/state-dict.js';
import { evaluateState } from './evaluate.js';
import { holding } from './held-values.js';
import { trainLocally } from './local-training.js';

const CLASSES = 3;
const network = onPixels(centred(CLASSES), { mean: [0], deviation: [1] });

const random = randomStream('roles');
const EXAMPLES = 20;
const dataset = imageDataset({
  ...{ name: 'noise', channels: 1, height: 2, width: 3, classNames: ['a', 'b', 'c'] },
  images: Uint8Array.from({ length: EXAMPLES * 6 }, () => random.integer(256)),
  labels: Uint8Array.from({ length: EXAMPLES }, (_, index) => index % CLASSES),
});
const inputs = [pixels([1, 2, 3])];
const freeze = ['body.*'];
const parameters = parametersOf(network, inputs, { freeze });
const task = classification({ classes: CLASSES });
const plan = compilePlan({
  ...{ network, inputs, freeze, task, optimizer: adam(), batchSize: 8 },
});
const base = initialState(parameters, 'roles');
const frozen = initialFrozen(parameters, 'roles');

async function trained(epochs = 2) {
  const runtime = ortNode();
  const open = async (model: Uint8Array, carry = {}) =>
    holding(await runtime.open(model, { carry }), frozen.data);
  const sessions = {
    training: await open(plan.trainingModel, carryOf(plan)),
    evaluation: await open(plan.evaluationModel),
  };
  const data = { dataset, train: allIndices(dataset), validation: new Uint32Array(0) };
  const work = { participant: 'a', round: 1, seed: 5, epochs, learningRates: Float32Array.of(0.05) };
  const result = await trainLocally({ plan, ...sessions }, data, base.data, work);
  if (result === undefined) throw new Error('given up');
  return { ...result, sessions };
}

describe('roles of tensors', () => {
  it('say what the state is, in which order, and what is no part of it', () => {
    expect(plan.layout.map(({ name }) => name)).toEqual([
      'head.weight',
      'head.bias',
      'norm.running_mean',
      'norm.num_batches_tracked',
    ]);
    expect(plan.frozen.map(({ name }) => name)).toEqual(['body.weight', 'body.bias']);
    expect(weightsIn(plan.layout)).toBe(3 * 5 + 3);
  });

  it('a statistic is what the layer makes of it, a counter counts, and neither has slots', async () => {
    const { state, slots, steps } = await trained();
    const after = { layout: plan.layout, data: state };
    expect(steps).toBe(6);
    expect([...tensorView(after, 'norm.num_batches_tracked')]).toEqual([6]);
    expect(slots.length).toBe(2 * weightsIn(plan.layout));
    // The mean of all pixels is some 0.5; after six steps 1 − 0.9⁶ of it.
    const mean = [0, 1, 2, 3, 4, 5].map(
      (place) => dataset.images.filter((_, index) => index % 6 === place).reduce((a, b) => a + b, 0) / 255,
    );
    tensorView(after, 'norm.running_mean').forEach((value, place) => {
      const expected = ((mean[place] as number) / EXAMPLES) * (1 - 0.9 ** 6);
      expect(Math.abs(value - expected)).toBeLessThan(0.05);
    });
    expect(state.subarray(0, 18)).not.toEqual(base.data.subarray(0, 18));
  });

  it('the empty places of a batch count for nothing in a statistic', async () => {
    // Of 20 examples in batches of 8, the last of an epoch has 4: the mean after one epoch, by
    // hand.
    const { state } = await trained(1);
    const order = randomStream(5, 'a', 1, 0, 'order').permutation(EXAMPLES);
    let expected = 0;
    for (const part of [order.slice(0, 8), order.slice(8, 16), order.slice(16)]) {
      const sum = [...part].reduce((total, index) => total + (dataset.images[index * 6] as number) / 255, 0);
      expected = expected * (1 - MOMENTUM) + (sum / part.length) * MOMENTUM;
    }
    const [first] = tensorView({ layout: plan.layout, data: state }, 'norm.running_mean');
    expect(first).toBeCloseTo(expected, 5);
  });

  it('of a statistic the Fisher information is 0, and what is frozen has none', () => {
    const { model } = compileFisherPlan({ network, inputs, freeze });
    const { inputs: read, outputs } = readModel(model, 'the Fisher model');
    const size = plan.layout.reduce((sum, { size }) => sum + size, 0);
    expect(outputs).toEqual([{ name: 'sum', type: 'f32', shape: [size] }]);
    expect(read.find(({ name }) => name === 'frozen')?.shape).toEqual([layoutSize(plan.frozen)]);
  });

  it('is exported whole, and read back says what it said', async () => {
    const { state, sessions } = await trained();
    const whole = joinStates(
      stateLayout(parameters.map(({ name, shape }) => [name, shape])),
      { layout: plan.layout, data: state },
      frozen,
    );
    expect(partOfState(whole, plan.layout).data).toEqual(state);
    const bytes = exportInference({ network, inputs, task, layout: whole.layout, state: whole.data });
    const session = await InferenceSession.create(bytes);
    const { logits } = await session.run({
      images: new Tensor('uint8', dataset.images.slice(), [EXAMPLES, 1, 2, 3]),
    });
    const rows = [...(logits as Tensor).data] as number[];
    const guesses = Array.from({ length: EXAMPLES }, (_, i) => {
      const row = rows.slice(CLASSES * i, CLASSES * (i + 1));
      return row.indexOf(Math.max(...row));
    });
    const right = guesses.filter((guess, index) => guess === dataset.labels[index]).length;
    const metrics = await evaluateState(sessions.evaluation, plan, state, dataset, allIndices(dataset));
    expect(metrics && accuracy(metrics)).toBe(right / EXAMPLES);
  });

  it('are told by names: a weight cannot be called as a statistic is, nor the reverse', () => {
    const weight: Network = (scope, x) => g.add(g.flatten(x), scope.parameter('running_mean', [6], zeros));
    expect(() => parametersOf(weight, inputs)).toThrow(NetworkError);
    expect(() => parametersOf(weight, inputs)).toThrow(/"running_mean".*statistic/);
    const statistic: Network = (scope, x) => g.add(g.flatten(x), scope.statistic('mean', [6], zeros));
    expect(() => parametersOf(statistic, inputs)).toThrow(/"mean".*weight/);
  });

  it('a pattern that means no weight is refused', () => {
    expect(() => parametersOf(network, inputs, { freeze: ['boddy.*'] })).toThrow(/"boddy\.\*".*"freeze"/);
    expect(() => parametersOf(network, inputs, { freeze: ['norm.*'] })).toThrow(/"norm\.\*"/);
    expect(() => parametersOf(network, inputs, { train: ['haed.*'] })).toThrow(/"haed\.\*" in "train"/);
  });

  it('`train` names the only weights that are trained, and `freeze` takes some out', () => {
    const rolesOf = (part: TrainedPart) =>
      Object.fromEntries(parametersOf(network, inputs, part).map(({ name, role }) => [name, role]));
    const others = { 'norm.running_mean': 'statistic', 'norm.num_batches_tracked': 'counter' };
    const frozen = { 'body.weight': 'frozen', 'body.bias': 'frozen' };
    expect(rolesOf({ train: ['head.*'] })).toEqual({
      ...{ ...frozen, ...others },
      ...{ 'head.weight': 'weight', 'head.bias': 'weight' },
    });
    expect(rolesOf({ train: ['head.*'], freeze: ['*.bias'] })).toEqual({
      ...{ ...frozen, ...others },
      ...{ 'head.weight': 'weight', 'head.bias': 'frozen' },
    });
    expect(() => rolesOf({ train: ['head.bias'], freeze: ['*.bias'] })).toThrow(
      'network: "train" names only weights that "freeze" names, too',
    );
  });
});
