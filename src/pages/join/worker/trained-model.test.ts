import { describe, expect, it } from 'vitest';
import { MISSING_NUMBER as MISSING } from '../../../data/features.js';
import { imageFacts } from '../../../data/images/image-dataset.js';
import { dataSchema } from '../../../data/settings.js';
import type { TableSettings } from '../../../data/tables/column-specs.js';
import { describedTable } from '../../../data/tables/described-table.js';
import { exportInference } from '../../../engine/nn/export-inference.js';
import { preprocessConstants } from '../../../engine/nn/layers/preprocess-constants.js';
import { encodeModel } from '../../../engine/nn/model-file.js';
import { ortNode } from '../../../engine/runtime/node/ort-node.js';
import { compileFederation } from '../../../federation/plan/compile-federation.js';
import { namedParts } from '../../../federation/plan/extensions.js';
import { parseConfiguration } from '../../../protocol/configuration/configuration.js';
import { predictRows } from '../../../training/predict-rows.js';
import type { DataSummary } from '../state/messages.js';
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
const opened = trainedModel(file, undefined, async () => ortNode());

it('is given out as it came, and as the ONNX model that a run writes', () => {
  expect(opened.facts).toEqual({
    parameters: 4 * 16 + 4 + 3 * 4 + 3,
    trial: { kind: 'picture', answer: 'classes', names: facts.classNames, imageShape: facts.imageShape },
  });
  expect(opened.fileOf('safetensors')).toEqual(file);
  const onnx = exportInference({
    network,
    layout: state.layout,
    state: state.data,
    inputs,
    task,
    targets: compiled.facts.targets,
  });
  expect(opened.fileOf('onnx')).toEqual(Uint8Array.from(onnx));
});

it('says how probable each class is', async () => {
  const shown = (pixels: Uint8Array): DataSummary => ({
    ...{ name: 'own', training: 1, validation: 0, notices: [] },
    shown: {
      ...{ kind: 'pictures', unit: 'examples', names: facts.classNames, counts: [1, 0, 0] },
      samples: [{ caption: 'a', pixels }],
    },
  });
  const answerFor = (pixels: Uint8Array) => opened.predict({ sample: 0 }, shown(pixels));
  const picture = Uint8Array.from({ length: 16 }, (_, at) => 16 * at);
  const one = await answerFor(picture);
  expect(one.pixels).toEqual(picture);
  expect(one.values).toHaveLength(3);
  expect(one.values.reduce((sum, each) => sum + each)).toBeCloseTo(1, 5);
  expect((await answerFor(new Uint8Array(16))).values).not.toEqual(one.values);
});

it('is refused where it does not say what it is of, or holds no numbers', () => {
  const nameless = encodeModel(state, { ...model, network: { name: 'custom' } });
  expect(() => trainedModel(nameless, undefined, async () => ortNode())).toThrow(
    'does not say which network',
  );
  const broken = encodeModel({ ...state, data: state.data.map(() => Number.NaN) }, model);
  expect(() => trainedModel(broken, undefined, async () => ortNode())).toThrow('expected finite numbers');
});

describe('a model of a table', () => {
  const data = dataSchema.parse({
    kind: 'table',
    columns: {
      sex: ['Female', 'Male'],
      // Named as an output of the model is.
      probabilities: { number: 'mmHg', range: [80, 220], missing: [0] },
      seen: 'date',
    },
    target: { column: 'num', positive: '> 0', names: ['well', 'ill'] },
  }) as TableSettings;
  const described = describedTable(data);
  const settings = {
    ...{ partition: { name: 'own', participants: 1 }, model: { name: 'mlp', hidden: [4] }, rounds: 1 },
    ...{ optimizer: { name: 'sgd', learningRate: 0.1 }, local: { epochs: 1 }, data },
    constants: preprocessConstants([
      { mean: 120, deviation: 20 },
      { mean: 20_000, deviation: 500 },
    ]),
  };
  const table = parseConfiguration({ ...settings, dataset: 'none' }, 'test');
  const compiledTable = compileFederation(table, described, namedParts(table, {}, 'test'), 'test');
  const trained = compiledTable.initialState('x');
  const whole = compiledTable.frozen?.complete(trained, undefined) ?? trained;
  const bytes = encodeModel(whole, compiledTable.model);
  const days = 20_454;

  it('asks for a row by its columns, and answers as the plan does for its numbers and codes', async () => {
    const model = trainedModel(bytes, data, async () => ortNode());
    const field = { unit: undefined, range: undefined, names: [] };
    expect(model.facts.trial).toEqual({
      kind: 'row',
      fields: [
        // As the settings name them; the model has numbers before categories.
        { ...field, name: 'sex', kind: 'category', names: ['Female', 'Male'] },
        { ...field, name: 'probabilities', kind: 'number', unit: 'mmHg', range: [80, 220] },
        { ...field, name: 'seen', kind: 'day' },
      ],
      ...{ answer: 'classes', names: ['well', 'ill'], unit: undefined },
    });
    const rows = [
      { cells: { probabilities: 130, seen: days, sex: 'Male' }, numbers: [130, days], code: 1 },
      { cells: { probabilities: 0, seen: Number.NaN, sex: '' }, numbers: [MISSING, MISSING], code: 3 },
      { cells: { probabilities: 90, seen: days, sex: 'unknown' }, numbers: [90, days], code: 2 },
    ];
    const { network, inputs, task } = compiledTable;
    const { layout, data: state } = whole;
    const columns = [
      { ...described.inputs[0]!, values: Float32Array.from(rows.flatMap(({ numbers }) => numbers)) },
      { ...described.inputs[1]!, values: Int32Array.from(rows, ({ code }) => code) },
    ];
    const predicting = predictRows({ network, layout, state, inputs, task }, columns, 3, ortNode());
    const { value: expected } = await predicting.next();
    await predicting.return(undefined);
    for (const [at, { cells }] of rows.entries()) {
      const { values } = await model.predict({ cells }, undefined);
      for (const [k, value] of values.entries())
        expect(value).toBeCloseTo(expected!.outputs.probabilities![2 * at + k]!, 6);
    }
  });

  it('predicts the second class from the cut-off on that its file has', async () => {
    const cells = { probabilities: 130, seen: days, sex: 'Male' };
    const cut = async (cutOff?: number) => {
      const file = encodeModel(whole, { ...compiledTable.model, ...(cutOff !== undefined && { cutOff }) });
      return trainedModel(file, data, async () => ortNode()).predict({ cells }, undefined);
    };
    const { values, predicted } = await cut();
    expect(predicted).toBe(values[1]! > values[0]! ? 1 : 0);
    expect(await cut(values[1]! - 0.01)).toMatchObject({ values, predicted: 1 });
    expect(await cut(values[1]! + 0.01)).toMatchObject({ values, predicted: 0 });
  });

  it('takes a day for its number where nothing is known about the columns', () => {
    const { trial } = trainedModel(bytes, undefined, async () => ortNode()).facts;
    expect(trial).toMatchObject({
      kind: 'row',
      fields: [{}, { name: 'seen', kind: 'number', unit: 'days' }, {}],
    });
  });
});
