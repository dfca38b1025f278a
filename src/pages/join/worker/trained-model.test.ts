import { expect, it } from 'vitest';
import { imageFacts } from '../../../data/images/image-dataset.js';
import { exportInference } from '../../../engine/nn/export-inference.js';
import { encodeModel } from '../../../engine/nn/model-file.js';
import { ortNode } from '../../../engine/runtime/node/ort-node.js';
import { compileFederation } from '../../../federation/plan/compile-federation.js';
import { namedParts } from '../../../federation/plan/extensions.js';
import { parseConfiguration } from '../../../protocol/configuration/configuration.js';
import { trainedModel } from './trained-model.js';

const configuration = parseConfiguration(
  {
    partition: { name: 'own', participants: 1 },
    model: { name: 'mlp', hidden: [4] },
    optimizer: { name: 'sgd', learningRate: 0.1 },
    normalization: { mean: [0.25], deviation: [0.5] },
    local: { epochs: 1 },
    rounds: 1,
  },
  'test',
);
const facts = { imageShape: [1, 4, 4], classNames: ['a', 'b', 'c'] } as const;
const { network, inputs, task, model, ...compiled } = compileFederation(
  configuration,
  imageFacts(facts.imageShape, facts.classNames),
  namedParts(configuration, {}, 'test'),
  'test',
);
const state = compiled.initialState('x');
const file = encodeModel(state, model);
const opened = trainedModel(file, async () => ortNode());

it('is given out as it came, and as the ONNX model that a run writes', () => {
  expect(opened.facts).toEqual({ ...facts, parameters: 4 * 16 + 4 + 3 * 4 + 3 });
  expect(opened.fileOf('safetensors')).toEqual(file);
  const onnx = exportInference({
    network,
    layout: state.layout,
    state: state.data,
    inputs,
    task,
  });
  expect(opened.fileOf('onnx')).toEqual(Uint8Array.from(onnx));
});

it('says how probable each class is', async () => {
  const one = await opened.predict(Uint8Array.from({ length: 16 }, (_, at) => 16 * at));
  expect(one).toHaveLength(3);
  expect(one.reduce((sum, each) => sum + each)).toBeCloseTo(1, 5);
  const other = await opened.predict(new Uint8Array(16));
  expect(other).not.toEqual(one);
});

it('is refused where it does not say what it is of, or holds no numbers', () => {
  const nameless = encodeModel(state, { ...model, network: { name: 'custom' } });
  expect(() => trainedModel(nameless, async () => ortNode())).toThrow('does not say which network');
  const broken = encodeModel({ ...state, data: state.data.map(() => Number.NaN) }, model);
  expect(() => trainedModel(broken, async () => ortNode())).toThrow('expected finite numbers');
});
