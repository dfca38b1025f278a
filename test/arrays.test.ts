/**
 * What a program hands in that JavaScript would convert without a word: each is refused in a
 * sentence.
 */

import { describe, expect, it } from 'vitest';
import * as commonweight from '../src/index.js';
import { ortNode, runFederation } from '../src/node.js';
import { classified } from './classified.js';

const {
  imageDataset,
  classification,
  compilePlan,
  onPixels,
  pixels,
  mlp,
  adam,
  mean,
  merge,
  stateLayout,
  fedAdam,
} = commonweight;

const parts = {
  name: 'own',
  images: new Uint8Array(10 * 16),
  labels: Uint8Array.from({ length: 10 }, (_, i) => i % 2),
  ...{ channels: 1, height: 4, width: 4, classNames: ['a', 'b'] },
};
const dataset = imageDataset(parts);
const network = onPixels(mlp({ hidden: [2], classes: 2 }));
const settings = {
  network,
  task: classification({ classes: 2 }),
  optimizer: adam(),
  inputs: [pixels([1, 4, 4])],
  batchSize: 5,
};
const plan = compilePlan(settings);
const { layout } = plan;
const state = { layout, data: new Float32Array(layout.reduce((sum, { size }) => sum + size, 0)) };
const size = state.data.length;
const all = commonweight.allIndices(dataset);
const withInput = (changed: Partial<commonweight.Column>): commonweight.Dataset => ({
  ...{ name: 'own', examples: 10, targets: dataset.targets },
  inputs: [{ ...dataset.inputs[0]!, ...changed }],
});
const bad = <T>(value: unknown) => value as T;
const update = { name: 'site-a', examples: 1, state };
const greys = Float32Array.from(parts.images, () => 0.5);

const synchronous: [what: string, call: () => unknown, message: string][] = [
  [
    'pixels from 0 to 1',
    () => imageDataset({ ...parts, images: bad(greys) }),
    'data: the images of "own" are wrong: the array is a Float32Array, expected a Uint8Array',
  ],
  [
    'a list of labels',
    () => imageDataset({ ...parts, labels: bad([0, 1]) }),
    'data: the labels of "own" are wrong: the array is a list, expected a Uint8Array',
  ],
  [
    'labels of 32 bits',
    () => imageDataset({ ...parts, labels: bad(new Int32Array(10)) }),
    'the array is an Int32Array, expected a Uint8Array',
  ],
  [
    'half a channel',
    () => imageDataset({ ...parts, channels: 0.5 }),
    'data: "own" has the channels 0.5, expected a whole number from 1',
  ],
  [
    'a set that is no longer what it says',
    () => commonweight.createBatch({ ...dataset, examples: 12 }, 2),
    'data: the images of "own" are wrong: the array has 160 numbers, expected 192',
  ],
  [
    'places that are no numbers',
    () => commonweight.subset(dataset, [Number.NaN]),
    'data: number NaN of "own" is asked for, expected whole numbers from 0',
  ],
  ['places below 0', () => commonweight.subset(dataset, [-1]), 'data: number -1 of "own" is asked for'],
  [
    'a list of places',
    () => commonweight.epochOrder(bad([0.5]), commonweight.randomStream(1)),
    'data: the list of examples is a list, expected a Uint32Array',
  ],
  [
    'places of other kinds',
    () => [...commonweight.batches(dataset, bad(new Int32Array(2)), 2)],
    'data: the list of examples is an Int32Array, expected a Uint32Array',
  ],
  [
    'a copy of a set with other labels',
    () => commonweight.createBatch(bad({ ...dataset, labels: Uint8Array.from(dataset.labels) }), 2),
    'data: "own" has labels that are not those of its columns',
  ],
  [
    'a set without columns',
    () => commonweight.createBatch(bad({ ...parts, examples: 10 }), 2),
    'data: "own" has no columns, expected "inputs" and "targets"',
  ],
  [
    'a state in float64',
    () => merge(mean(), [{ ...update, state: { layout, data: bad(new Float64Array(size)) } }]),
    'merge: the update of "site-a": its vector is a Float64Array, expected a Float32Array',
  ],
  [
    'a state that is too short',
    () => merge(mean(), [{ ...update, state: { layout, data: new Float32Array(size - 1) } }]),
    `merge: the update of "site-a": its vector has ${size - 1} numbers, expected ${size}`,
  ],
  [
    'a table with a gap',
    () =>
      merge(mean(), [
        {
          ...update,
          state: { ...state, layout: layout.map((entry) => ({ ...entry, offset: entry.offset + 1 })) },
        },
      ]),
    'numbers from 1 on, expected',
  ],
  [
    'a base of another length',
    () => merge(mean(), [update], { on: 'updates', base: { layout, data: new Float32Array(1) } }),
    `merge: the base: its vector has 1 numbers, expected ${size}`,
  ],
  [
    'a reference that is a list',
    () => commonweight.alignUpdates([], [update], { reference: { layout, data: bad([1]) } }),
    'merge: the reference: its vector is a list, expected a Float32Array',
  ],
  [
    'half an extent',
    () => stateLayout([['w', [1.5]]]),
    'state dict: the shape of "w" is [1.5], expected 1 whole numbers from 0',
  ],
  [
    'a shape that is a number',
    () => stateLayout([['w', bad(3)]]),
    'state dict: the shape of "w" is 3, expected whole numbers from 0',
  ],
  [
    'a state to be written',
    () => commonweight.encodeSafetensors({ layout, data: new Float32Array(1) }),
    'safetensors: the state to be written: its vector has 1 numbers',
  ],
  [
    'a file that is a text',
    () => commonweight.decodeSafetensors(bad('text'), 'a.safetensors'),
    'a.safetensors: the array of its bytes is a String, expected a Uint8Array',
  ],
  [
    'an average of another length',
    () => commonweight.averageStep(commonweight.ema(), new Float32Array(1), state.data, 2),
    `merge: the average so far has 1 numbers, expected ${size}`,
  ],
  [
    'slots of another length',
    () =>
      commonweight.serverStep(fedAdam(), state.data, state.data, commonweight.initialSlots(fedAdam(), 1), 1),
    'merge: the slot',
  ],
  [
    'no slots',
    () => commonweight.serverStep(fedAdam(), state.data, state.data, [], 1),
    'merge: 0 slots are given to',
  ],
  [
    'a merged state of another length',
    () => commonweight.serverStep(fedAdam(), state.data, new Float32Array(1), [], 1),
    `merge: the merged state has 1 numbers, expected ${size}`,
  ],
  [
    'sums of other features',
    () => commonweight.addSums(commonweight.emptySums(3, 2), commonweight.emptySums(2, 2)),
    'merge: "gram" of the sums has 3 numbers, expected 6',
  ],
  [
    'sums of other features to solve',
    () => commonweight.ridgeSolution(commonweight.emptySums(3, 2), 4, 1),
    'merge: "gram" of the sums has 6 numbers, expected 10',
  ],
  [
    'images of half a pixel',
    () => compilePlan({ ...settings, inputs: [pixels([1, 0.5, 4])] }),
    'network: the shape of "images" is [1,0.5,4], expected 3 whole numbers from 1',
  ],
  [
    'half a batch',
    () => compilePlan({ ...settings, batchSize: 0.5 }),
    'plan: batchSize is 0.5, expected a whole number from 1',
  ],
  [
    'a normalization of three channels',
    () => compilePlan({ ...settings, network: onPixels(network, { mean: [0, 0, 0], deviation: [1] }) }),
    'network: normalization.mean is [0,0,0], expected one finite number, or one for each of the 1 channels',
  ],
  [
    'weights to export',
    () =>
      commonweight.exportInference({
        ...settings,
        layout,
        state: new Float32Array(1),
      }),
    'export: the trained state: its vector has 1 numbers',
  ],
  [
    'inputs of a graph',
    () => commonweight.evaluate({ outputs: { y: commonweight.graph.input('x', [2]) } }, { x: [1] }),
    'graph: the input "x" has 1 numbers, expected 2, of the shape [2]',
  ],
  [
    'parts that were measured on other classes',
    () =>
      commonweight.addMetrics(
        [4, 9].map((length) => classified({ examples: 1, correct: 1, confusion: new Uint32Array(length) })),
      ),
    'evaluation: "confusion" of a part has 9 numbers, expected 4',
  ],
];

const session = async () => ortNode().open(plan.evaluationModel);
const training = async () => ortNode().open(plan.trainingModel, { carry: commonweight.carryOf(plan) });
const images = (data: unknown) => ({
  images: bad<commonweight.Tensor>({ dtype: 'u8', shape: [25, 1, 4, 4], data }),
  state: bad<commonweight.Tensor>({ dtype: 'f32', shape: [size], data: state.data }),
});
const work = { participant: 'a', round: 1, seed: 1, epochs: 1, learningRates: Float32Array.of(0.1) };
const train = async (base: Float32Array, changes: object) => {
  const context = { plan, training: await training(), evaluation: await session() };
  return commonweight.trainLocally(context, { dataset, train: all, validation: new Uint32Array(0) }, base, {
    ...work,
    ...changes,
  });
};

const asynchronous: [what: string, call: () => Promise<unknown>, message: string][] = [
  [
    'a state to evaluate',
    async () => commonweight.evaluateState(await session(), plan, new Float32Array(1), dataset, all),
    `evaluation: the state has 1 numbers, expected ${size}`,
  ],
  [
    'examples to evaluate on',
    async () => commonweight.evaluateState(await session(), plan, state.data, dataset, bad([0])),
    'evaluation: the list of examples is a list, expected a Uint32Array',
  ],
  [
    'a set with floats to evaluate on',
    async () =>
      commonweight.evaluateState(await session(), plan, state.data, withInput({ values: bad(greys) }), all),
    'the array is a Float32Array, expected a Uint8Array',
  ],
  [
    'a state to train',
    () => train(new Float32Array(1), {}),
    `federation: the state to begin with has 1 numbers, expected ${size}`,
  ],
  [
    'a list of learning rates',
    () => train(state.data, { learningRates: [0.1] }),
    'federation: "learningRates" is a list, expected a Float32Array',
  ],
  [
    'slots of another length',
    () => train(state.data, { slots: new Float32Array(1) }),
    `federation: "slots" has 1 numbers, expected ${2 * size}`,
  ],
  [
    'a model that is a path',
    () => ortNode().open(bad('model.onnx')),
    'runtime: the model is a String, expected a Uint8Array',
  ],
  [
    'floats where a model takes bytes',
    async () => (await session()).run(images(new Float32Array(400))),
    'runtime: the array of "images" is a Float32Array, expected a Uint8Array',
  ],
  [
    'too few bytes',
    async () => (await session()).run(images(new Uint8Array(4))),
    'runtime: the array of "images" has 4 numbers, expected 400',
  ],
  [
    'a state to carry',
    async () =>
      (await training()).write({ state: bad({ dtype: 'f32', shape: [size], data: new Float64Array(size) }) }),
    'runtime: the array of "state" is a Float64Array',
  ],
  [
    'data of a run',
    () => runFederation(configuration, { data: { train: dataset, test: withInput({ values: bad(greys) }) } }),
    'data: the images of "own" are wrong',
  ],
  [
    'test images of another size',
    () => runFederation(configuration, { data: { train: dataset, test: withInput({ shape: [1, 2, 8] }) } }),
    'data: the test set has images u8[1,2,8], labels i32[] of 2 categories, expected those of the training set: images u8[1,4,4]',
  ],
];
const configuration: commonweight.ConfigurationInput = {
  ...{ partition: { name: 'iid' }, model: { name: 'mlp' }, optimizer: { name: 'adam' } },
  ...{ local: { epochs: 1 }, rounds: 1 },
};

describe('the library refuses', () => {
  it.each(synchronous)('%s', (_, call, message) => {
    expect(call).toThrow(message);
    expect(call).toThrow(commonweight.CommonweightError);
  });

  it.each(asynchronous)('%s, before it computes', async (_, call, message) => {
    await expect(call()).rejects.toThrow(message);
    await expect(call()).rejects.toThrow(commonweight.CommonweightError);
  });
});
