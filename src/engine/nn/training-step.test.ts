import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import * as g from '../graph/build.js';
import { evaluate } from '../graph/evaluate.js';
import { graphInputs, topologicalOrder } from '../graph/value.js';
import { batchNorm } from './layers/batch-norm.js';
import { conv2d, dense, dropout } from './layers/layers.js';
import { initialState, layoutOf, type Network, parametersOf } from './layers/network.js';
import { lstm } from './layers/recurrent.js';
import { onPixels, pixels } from './models/normalize-pixels.js';
import { adam, sgd } from './optimizers.js';
import { classification } from './tasks/classification.js';
import { evaluationStep, type TrainingDescription, trainingStep } from './training-step.js';

const INPUTS = [pixels([1, 6, 6])];
const normalization = { mean: [0.3], deviation: [0.4] };
const CLASSES = 3;

const network = (rate = 0): Network =>
  onPixels((scope, images) => {
    const x = g.relu(conv2d(scope.in('conv'), images, { filters: 4, kernel: 3, padding: 1 }));
    const y = g.flatten(g.maxPool2d(x, { kernel: 2 }));
    return dense(scope.in('fc'), dropout(scope, y, rate), CLASSES);
  }, normalization);

function describeStep(batchSize: number, options: Partial<TrainingDescription> = {}): TrainingDescription {
  const chosen = options.network ?? network();
  return {
    network: chosen,
    layout: layoutOf(parametersOf(chosen, options.inputs ?? INPUTS)),
    inputs: INPUTS,
    task: classification({ classes: CLASSES }),
    optimizer: adam(),
    batchSize,
    ...options,
  };
}

const initial = initialState(parametersOf(network(), INPUTS), 'step');
const SIZE = initial.data.length;

/** `count` images and labels in a batch of `places`; the other places are empty. */
function batch(count: number, places = count) {
  const stream = randomStream('batch');
  const images = new Uint8Array(36 * places);
  const labels = new Int32Array(places);
  for (let i = 0; i < 36 * count; i++) images[i] = stream.integer(256);
  for (let i = 0; i < count; i++) labels[i] = i % CLASSES;
  return { images, labels, weights: Array.from({ length: places }, (_, i) => Number(i < count)) };
}

const settings = { learningRate: [0.01], step: [1], seed: [5] };
const slots = { slot0: new Float64Array(SIZE), slot1: new Float64Array(SIZE) };
const train = (description: TrainingDescription, inputs: Record<string, ArrayLike<number>>) =>
  evaluate(trainingStep(description), { state: initial.data, ...slots, ...settings, ...inputs });

function expectSame(actual: Float64Array, expected: Float64Array) {
  expect(actual.length).toBe(expected.length);
  expect(Math.max(...actual.map((x, i) => Math.abs(x - expected[i]!)))).toBeLessThan(1e-12);
}

it('a batch whose activations are large goes through in parts, and gives what it gives as a whole', () => {
  const large = onPixels((scope, images) => {
    const x = g.tanh(conv2d(scope.in('conv'), images, { filters: 2, kernel: 1 }));
    return dense(scope.in('fc'), g.flatten(g.averagePool2d(x, { kernel: 100 })), CLASSES);
  }, normalization);
  const inputs = [pixels([1, 400, 400])];
  const parameters = parametersOf(large, inputs);
  const options = { network: large, layout: layoutOf(parameters), inputs, optimizer: sgd() };
  const graph = trainingStep(describeStep(4, options));
  const parts = topologicalOrder(Object.values(graph.outputs)).find(({ op }) => op === 'sumOverParts');
  expect(parts?.attributes).toMatchObject({ parts: 2 });
  const stream = randomStream('large');
  const size = 400 * 400;
  const images = Uint8Array.from({ length: 4 * size }, () => stream.integer(256));
  const [labels, weights] = [
    [0, 1, 2, 0],
    [1, 1, 2, 0],
  ];
  const state = initialState(parameters, 'large').data;
  const whole = evaluate(graph, { state, ...settings, images, labels, weights });
  // Images one by one give the same: the gradient of a sum is the sum of the gradients.
  const single = trainingStep(describeStep(1, options));
  const total = weights.reduce((a, b) => a + b);
  const sums = new Float64Array(state.length);
  for (let i = 0; i < 4; i++) {
    const image = images.subarray(i * size, (i + 1) * size);
    const { nextState } = evaluate(single, {
      state,
      ...settings,
      learningRate: [1],
      images: image,
      labels: [labels[i]!],
      weights: [1],
    });
    nextState!.forEach((next, at) => {
      sums[at] = sums[at]! + (weights[i]! / total) * (state[at]! - next);
    });
  }
  expectSame(
    whole.nextState!,
    Float64Array.from(state, (w, at) => w - 0.01 * sums[at]!),
  );
});

it('batch norm by each part of a batch gives the mean of what the parts give as batches', () => {
  const normed = onPixels((scope, images) => {
    const x = conv2d(scope.in('conv'), images, { filters: 4, kernel: 3, padding: 1 });
    return dense(scope.in('fc'), g.flatten(g.relu(batchNorm(scope.in('norm'), x))), CLASSES);
  }, normalization);
  const parameters = parametersOf(normed, INPUTS);
  const layout = layoutOf(parameters);
  const state = initialState(parameters, 'norm').data;
  const options = { network: normed, layout, optimizer: sgd(), partBytes: 4 * 36 * 4 * 2 };
  const partsIn = (graph: ReturnType<typeof trainingStep>) =>
    topologicalOrder(Object.values(graph.outputs)).find(({ op }) => op === 'sumOverParts')?.attributes;
  const graph = trainingStep(describeStep(4, { ...options, normPerPart: true }));
  expect(partsIn(graph)).toMatchObject({ parts: 2 });
  expect(partsIn(trainingStep(describeStep(4, options)))).not.toMatchObject({ parts: 2 });
  const { images, labels, weights } = batch(4);
  const { nextState } = evaluate(graph, { state, ...settings, images, labels, weights });
  const half = trainingStep(describeStep(2, options));
  const halves = [0, 1].map((part) => {
    const cut = <Array extends { slice(from: number, to: number): Array }>(of: Array, size: number) =>
      of.slice(2 * part * size, 2 * (part + 1) * size);
    const inputs = { images: cut(images, 36), labels: cut(labels, 1), weights: [1, 1] };
    return evaluate(half, { state, ...settings, ...inputs }).nextState!;
  });
  expectSame(
    nextState!,
    halves[0]!.map((value, at) => (value + halves[1]![at]!) / 2),
  );
});

describe('the arrays of a recurrent network are large, and its batch', () => {
  const partsOf = (network: Network, shape: readonly number[], batchSize: number) => {
    const inputs = [{ name: 'images', dtype: 'f32', shape } as const];
    const layout = layoutOf(parametersOf(network, inputs));
    const graph = trainingStep(describeStep(batchSize, { network, layout, inputs, optimizer: sgd() }));
    const found = topologicalOrder(Object.values(graph.outputs)).find(({ op }) => op === 'sumOverParts');
    return found === undefined ? 1 : (found.attributes as { readonly parts: number }).parts;
  };

  it('stays whole, since each part would read the weights in each step', () => {
    const recurrent: Network = (scope, x) => {
      const { hidden } = lstm(scope.in('rnn'), x, { hidden: 64 });
      return dense(scope.in('fc'), hidden[0]!, CLASSES);
    };
    expect(partsOf(recurrent, [100, 16], 256)).toBe(1);
  });

  it('goes through in parts where it is the arrays alone that are large', () => {
    const wide: Network = (scope, x) =>
      dense(scope.in('fc'), g.reduceMean(g.tanh(g.concat([x, x, x], 1)), [1]), CLASSES);
    expect(partsOf(wide, [400, 64], 256)).toBeGreaterThan(1);
  });
});

describe('a ragged batch', () => {
  const ragged = train(describeStep(8), batch(5, 8));
  const exact = train(describeStep(5), batch(5));

  it('of 5 images in 8 places gives the next state and slots of a batch of 5', () => {
    expect(Object.keys(ragged).sort()).toEqual(['counted', 'lossSum', 'nextSlot0', 'nextSlot1', 'nextState']);
    for (const name of Object.keys(exact)) expectSame(ragged[name]!, exact[name]!);
    expect(exact.nextState).not.toEqual(Float64Array.from(initial.data));
  });

  it('counts the same in evaluation', () => {
    const evaluation = (places: number) =>
      evaluate(evaluationStep(describeStep(places), places), { state: initial.data, ...batch(5, places) });
    expectSame(evaluation(8).lossSum!, evaluation(5).lossSum!);
    for (const name of ['counted', 'sum.correct', 'sum.confusion']) {
      expect(evaluation(8)[name]).toEqual(evaluation(5)[name]);
    }
    expect(evaluation(5).counted).toEqual(Float64Array.of(5));
    const confusion = [...evaluation(5)['sum.confusion']!];
    expect(confusion.reduce((sum, count) => sum + count)).toBe(5);
    const right = confusion[0]! + confusion[4]! + confusion[8]!;
    expect(evaluation(5)['sum.correct']).toEqual(Float64Array.of(right));
    expect(evaluation(8).predictions!.slice(0, 5)).toEqual(evaluation(5).predictions);
    expectSame(evaluation(5).lossSum!, exact.lossSum!);
  });

  it('that is empty changes nothing under gradient descent', () => {
    const { nextState, lossSum } = train(describeStep(4, { optimizer: sgd() }), batch(0, 4));
    expect(nextState).toEqual(Float64Array.from(initial.data));
    expect(lossSum).toEqual(Float64Array.of(0));
  });

  it('weighs an example of weight 2 as two of them', () => {
    const { images, labels } = batch(2);
    const twice = {
      images: [...images.slice(0, 36), ...images],
      labels: [labels[0]!, ...labels],
      weights: [1, 1, 1],
    };
    const weighted = train(describeStep(2), { images, labels, weights: [2, 1] });
    expectSame(weighted.nextState!, train(describeStep(3), twice).nextState!);
  });
});

describe('clipping', () => {
  it('shortens the step to the norm, over all tensors together', () => {
    const moved = (clipNorm?: number) => {
      const description = describeStep(5, { optimizer: sgd(), clipNorm });
      const { nextState } = train(description, { ...batch(5), learningRate: [1] });
      return Math.hypot(...nextState!.map((w, i) => w - initial.data[i]!));
    };
    expect(moved()).toBeGreaterThan(0.1);
    expect(moved(0.1)).toBeCloseTo(0.1, 5);
    expect(moved(100)).toBeCloseTo(moved(), 12);
  });
});

describe('dropout', () => {
  const withDropout = describeStep(4, { network: network(0.5) });
  const next = (seed: number, step: number) =>
    train(withDropout, { ...batch(4), seed: [seed], step: [step] }).lossSum![0];

  it('is the same for the same seed and step, and another for others', () => {
    expect(next(5, 1)).toBe(next(5, 1));
    expect(new Set([next(5, 1), next(5, 2), next(6, 1), next(6, 2)]).size).toBe(4);
  });

  it('draws other numbers in every layer', () => {
    const twice = onPixels((scope, images) => {
      const x = g.flatten(images);
      return g.add(dropout(scope, x, 0.5), dense(scope, dropout(scope, x, 0.5), 36));
    });
    const graph = trainingStep(
      describeStep(2, {
        network: twice,
        layout: layoutOf(parametersOf(twice, INPUTS)),
        task: classification({ classes: 36 }),
      }),
    );
    const streams = topologicalOrder(Object.values(graph.outputs)).flatMap((value) =>
      value.op === 'randomUniform' ? [value.attributes.stream] : [],
    );
    expect(streams.sort()).toEqual([0, 1]);
  });

  it('is absent from evaluation, which needs neither seed nor step', () => {
    const graph = evaluationStep(withDropout, 4);
    expect([...graphInputs(graph).keys()].sort()).toEqual(['images', 'labels', 'state', 'weights']);
    expect(topologicalOrder(Object.values(graph.outputs)).some(({ op }) => op === 'randomUniform')).toBe(
      false,
    );
  });
});

it('bytes enter the training graph as u8', () => {
  expect(graphInputs(trainingStep(describeStep(2))).get('images')).toMatchObject({
    dtype: 'u8',
    shape: [2, 1, 6, 6],
  });
});
