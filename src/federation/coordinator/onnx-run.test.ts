/** Federations that train the network of an ONNX file: on one machine, over a hub, over NATS. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type NatsServer, natsServer, withoutNats } from '../../../test/nats-server.js';
import { overNats, servedOver } from '../../../test/served-over.js';
import { servedOverHub } from '../../../test/served-over-hub.js';
import { randomStream } from '../../base/random.js';
import { openModel } from '../../cli/flags/open-model.js';
import { arrayDataset } from '../../data/arrays/array-dataset.js';
import { subset } from '../../data/dataset.js';
import { importNetwork } from '../../engine/nn/imported/import-network.js';
import { replayRun } from '../../experiments/replay.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/safetensors.js';
import { type StateDict, tensorView } from '../../tensor/state-dict.js';
import type { TakePartOutcome } from '../participant/take-part.js';
import { shareChoice } from '../plan/share-choice.js';
import { runFederation } from './run-federation.js';

const fixtures = resolve(import.meta.dirname, '../../../test/fixtures/onnx');
const file = (name: string) => join(fixtures, `${name}.onnx`);
const random = randomStream('onnx runs');
const EXAMPLES = 48;
const names = ['red', 'green', 'blue', 'gray'];

/** Pictures that are brighter in the channel of their class. */
const pictures = (channels: number, side = 16) => {
  const labels = Int32Array.from({ length: EXAMPLES }, (_, i) => i % names.length);
  const size = channels * side * side;
  const images = Uint8Array.from({ length: EXAMPLES * size }, (_, i) => {
    const channel = Math.floor((i % size) / side ** 2);
    return random.integer(100) + (channel === labels[Math.floor(i / size)] ? 120 : 20);
  });
  return arrayDataset({
    name: 'colours',
    inputs: [{ name: 'images', values: images, shape: [channels, side, side], meaning: { kind: 'picture' } }],
    targets: [{ name: 'colour', values: labels, meaning: { kind: 'categories', names } }],
  });
};
const coloured = pictures(3);
const split = (train: typeof coloured) => ({ train, test: subset(train, [0, 1, 2, 3, 4, 5, 6, 7], 'test') });
const base = {
  partition: { name: 'dirichlet', participants: 2, alpha: 10 },
  optimizer: { name: 'adam', learningRate: 0.01 },
  ...{ batchSize: 8, local: { epochs: 1 }, rounds: 2 },
} as const;
const resnet: ConfigurationInput = { ...base, model: { onnx: file('resnet-dynamo-train'), head: {} } };

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'commonweight-onnx-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = (configuration: ConfigurationInput, name: string, more = {}) =>
  runFederation(configuration, { out: join(folder, name), data: split(coloured), workers: 1, ...more });
const share = (part: number) => ({ data: coloured, choice: shareChoice(`dirichlet:alpha=10:${part}/2`) });
const shares = { 'environment-1': share(1), 'environment-2': share(2) };
const stateIn = (...path: string[]) => decodeSafetensors(readFileSync(join(folder, ...path)), 'model').state;
const valuesOf = (state: StateDict | undefined, tensor: string) => [
  ...tensorView(state as StateDict, tensor),
];

describe('the network of an ONNX file', () => {
  it('begins with its values and a new last layer, is trained, resumed and replayed', async () => {
    const notices: string[] = [];
    const observer = { onNotice: (notice: string) => notices.push(notice) };
    const { state } = importNetwork(readFileSync(file('resnet-dynamo-train')));
    const frozen = { ...resnet, train: ['layer4.*', 'fc.*'] };
    const outcome = run(frozen, 'typo', { observer });
    await expect(outcome).rejects.toThrow(/the pattern "layer4\.\*" in "train" matches no weight/);
    expect(notices).toEqual([expect.stringContaining('batch norm in 6 places')]);
    const { model } = await run({ ...resnet, train: ['fc.*'], rounds: 1 }, 'head');
    expect(valuesOf(model, 'conv1.weight')).toEqual(valuesOf(state, 'conv1.weight'));
    expect(tensorView(model as StateDict, 'fc.weight')).toHaveLength(
      (4 * tensorView(state, 'fc.weight').length) / 5,
    );

    await run({ ...resnet, rounds: 1 }, 'run');
    const { result, model: trained } = await run(resnet, 'run');
    await run(resnet, 'at once');
    const bytes = readFileSync(join(folder, 'run/model.safetensors'));
    expect(bytes.equals(readFileSync(join(folder, 'at once/model.safetensors')))).toBe(true);
    expect(valuesOf(trained, 'conv1.weight')).not.toEqual(valuesOf(state, 'conv1.weight'));
    expect(valuesOf(trained, 'bn1.running_mean')).not.toEqual(valuesOf(state, 'bn1.running_mean'));
    expect(result.rounds.at(-1)?.merged.mean?.test?.accuracy).toBeGreaterThan(0.4);
    const { differences } = await replayRun(join(folder, 'run'), {
      ...{ data: split(coloured), workers: 1, init: file('resnet-dynamo-train') },
    });
    expect(differences).toEqual([]);
    await expect(replayRun(join(folder, 'run'), { data: split(coloured) })).rejects.toThrow(
      /"initialModel" names a model to start from, but no file is given/,
    );
  });

  it('is in the file of the model, which is evaluated and exported without the ONNX file', async () => {
    await run({ ...resnet, rounds: 1 }, 'run');
    const opened = await openModel(join(folder, 'run/model.safetensors'), {});
    expect(opened.imageShape).toEqual([3, 16, 16]);
    const state = stateIn('run/model.safetensors');
    expect(opened.state.data).toHaveLength(state.data.length);
    expect(valuesOf(opened.state, 'fc.weight')).toEqual(valuesOf(state, 'fc.weight'));
    expect(readFileSync(join(folder, 'run/model.onnx')).length).toBeGreaterThan(10_000);
  });

  it('begins with another file of weights, if one is given', async () => {
    const { state } = importNetwork(readFileSync(file('resnet-dynamo-train')));
    tensorView(state, 'conv1.weight').fill(0.25);
    writeFileSync(join(folder, 'init.safetensors'), encodeSafetensors(state));
    const same = { ...base, rounds: 1, model: { onnx: file('resnet-dynamo-train') }, train: ['fc.*'] };
    const five = arrayDataset({
      name: 'colours',
      inputs: coloured.inputs.map(({ name, values, shape, meaning }) => ({
        name,
        values,
        shape,
        meaning,
      })) as never,
      targets: [
        {
          name: 'colour',
          values: coloured.targets[0]!.values as never,
          meaning: { kind: 'categories', names: [...names, 'other'] },
        },
      ],
    });
    const options = { data: split(five), init: join(folder, 'init.safetensors') };
    const { model } = await run(same, 'run', options);
    expect(new Set(valuesOf(model, 'conv1.weight'))).toEqual(new Set([0.25]));
  });

  it.each(['frozen', 'per-part', 'group'] as const)('is trained with batch norm %s', async (norm) => {
    const model = { onnx: file('resnet-dynamo-train'), head: {}, norm };
    const { model: trained, result } = await run({ ...resnet, model, rounds: 1 }, 'run');
    const { state } = importNetwork(readFileSync(file('resnet-dynamo-train')));
    const has = trained?.layout.some(({ name }) => name === 'bn1.running_mean');
    expect(has).toBe(norm !== 'group');
    if (has) {
      const means = [trained, state].map((one) => valuesOf(one, 'bn1.running_mean').join());
      expect(means[0] === means[1]).toBe(norm === 'frozen');
    }
    expect(result.rounds.at(-1)?.merged.mean?.test?.loss).toBeLessThan(3);
  });

  it('reads gray pictures in all of its three channels', async () => {
    const { result } = await run(resnet, 'run', { data: split(pictures(1)) });
    expect(result.rounds).toHaveLength(2);
  });

  it.each([
    [
      'pictures of another size',
      resnet,
      pictures(3, 12),
      /reads x f32\[3,16,16\], but the data give f32\[3,12,12\]/,
    ],
    [
      'a file that is not there',
      { ...resnet, model: { onnx: 'none.onnx' } },
      coloured,
      /"none\.onnx" cannot be read/,
    ],
    [
      'another number of classes',
      { ...resnet, model: { onnx: file('resnet-dynamo-train') } },
      coloured,
      /takes 4 scores/,
    ],
    [
      'a head of other classes',
      { ...resnet, model: { onnx: file('resnet-dynamo-train'), head: { classes: 7 } } },
      coloured,
      /"model\.head\.classes" is 7, but the task takes 4/,
    ],
    [
      'several inputs',
      { ...resnet, model: { onnx: file('bert-dynamo-train'), head: {} } },
      coloured,
      /reads input_ids i32\[7\], attention_mask i32\[7\], but/,
    ],
    [
      'an unknown setting',
      { ...resnet, model: { onnx: file('resnet-dynamo-train'), heads: {} } as never },
      coloured,
      /"model\.heads" is unknown/,
    ],
  ])('is refused for %s', async (_, configuration, data, message) => {
    await expect(run(configuration, 'run', { data: split(data) })).rejects.toThrow(message);
  });
});

describe('the network of an ONNX file for other data', () => {
  const categories = { kind: 'categories', names: ['a', 'b', 'c'] } as const;
  const labels = Int32Array.from({ length: EXAMPLES }, (_, i) => i % 3);
  const tokens = Int32Array.from({ length: EXAMPLES * 7 }, () => 1 + random.integer(8));
  const mask = Int32Array.from({ length: EXAMPLES * 7 }, (_, i) => Number(i % 7 < 5));
  const meaning = { kind: 'tokens', vocabulary: 11 } as const;
  const ids = { values: tokens, shape: [7], meaning } as const;
  const target = { name: 'label', values: labels, meaning: categories };
  const lossOf = async (model: ConfigurationInput['model'], data: typeof coloured, more = {}) => {
    const configuration = { ...base, rounds: 1, model, ...more };
    const { result } = await run(configuration, data.inputs[0]?.name ?? '', { data: split(data) });
    return result.rounds.at(-1)?.merged.mean?.test?.loss;
  };

  it('reads several inputs by their names, in any order', async () => {
    const columns = [
      { name: 'attention_mask', values: mask, shape: [7], meaning },
      { name: 'input_ids', ...ids },
    ];
    const texts = arrayDataset({ name: 'texts', inputs: columns, targets: [target] });
    const turned = arrayDataset({ name: 'texts', inputs: columns.toReversed(), targets: [target] });
    const bert = { onnx: file('bert-dynamo-train'), head: {} };
    const losses = [await lossOf(bert, texts), await lossOf(bert, turned)];
    expect(losses[0]).toBe(losses[1]);
    const renamed = arrayDataset({
      name: 'texts',
      inputs: columns.map((column, k) => ({ ...column, name: `column${k}` })),
      targets: [target],
    });
    await expect(lossOf(bert, renamed)).rejects.toThrow(
      /reads "input_ids", "attention_mask", but the data have "column0", "column1"/,
    );
  });

  it('has adapters in its dense layers, which are merged into the final model', async () => {
    const texts = arrayDataset({ name: 'texts', inputs: [{ name: 'ids', ...ids }], targets: [target] });
    const lora = { rank: 2, targets: ['*in_proj_weight', 'fc.weight'] };
    const model = { onnx: file('encoder-dynamo-train'), head: {} };
    expect(await lossOf(model, texts, { lora })).toBeLessThan(3);
    const { state } = importNetwork(readFileSync(file('encoder-dynamo-train')));
    const trained = stateIn('ids/model.safetensors');
    const moved = state.layout
      .map(({ name }) => name)
      .filter((name) => !name.startsWith('fc.'))
      .filter((name) => valuesOf(state, name).join() !== valuesOf(trained, name).join());
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.filter((name) => !name.endsWith('in_proj_weight'))).toEqual([]);
  });

  it('scores the pixels of a mask', async () => {
    const masks = arrayDataset({
      name: 'masks',
      inputs: [
        {
          name: 'images',
          values: Uint8Array.from({ length: EXAMPLES * 3 * 256 }, () => random.integer(256)),
          shape: [3, 16, 16],
          meaning: { kind: 'picture' },
        },
      ],
      targets: [
        {
          name: 'mask',
          values: Uint8Array.from({ length: EXAMPLES * 256 }, () => random.integer(3)),
          shape: [16, 16],
          meaning: categories,
        },
      ],
    });
    const task = { name: 'segmentation' } as const;
    expect(await lossOf({ onnx: file('unet-dynamo-train') }, masks, { task })).toBeLessThan(3);
  });

  it('is one of scikit-learn, for numbers as they are', async () => {
    const { inputs } = importNetwork(readFileSync(file('sklearn-mlp')));
    const [features = 1] = inputs[0]?.shape ?? [];
    const values = Float32Array.from({ length: EXAMPLES * features }, () => random.normal());
    const rows = arrayDataset({
      name: 'rows',
      inputs: [{ name: 'x', values, shape: [features] }],
      targets: [target],
    });
    expect(await lossOf({ onnx: file('sklearn-mlp') }, rows)).toBeLessThan(3);
  });
});

describe('the network of an ONNX file across machines', () => {
  it('comes over a hub to the bytes of a run on one machine', async () => {
    const expected = await run(resnet, 'run');
    const { result, outcomes, out } = await servedOverHub(
      folder,
      { dataset: 'colours', ...resnet },
      { test: split(coloured).test },
      shares,
    );
    expect(outcomes).toMatchObject([{ type: 'finished' }, { type: 'finished' }]);
    expect(result.model?.sha256).toBe(expected.result.model?.sha256);
    const bytes = readFileSync(join(folder, 'run/model.safetensors'));
    expect(bytes.equals(readFileSync(join(out, 'model.safetensors')))).toBe(true);
  });

  it('is trained in part, with frozen weights that the coordinator sends', async () => {
    const part: ConfigurationInput = { ...resnet, train: ['fc.*'], rounds: 1 };
    const expected = await run(part, 'run');
    const served = { dataset: 'colours', ...part };
    const { result, outcomes } = await servedOverHub(folder, served, { test: split(coloured).test }, shares);
    expect(outcomes).toMatchObject([{ type: 'finished' }, { type: 'finished' }]);
    expect(result.model?.sha256).toBe(expected.result.model?.sha256);
  });
});

describe.skipIf(withoutNats)('the network of an ONNX file over NATS', () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await natsServer();
  });
  afterAll(() => server?.stop());

  it('comes to the bytes of a run on one machine, with adapters, too', async () => {
    const lora = { rank: 2, targets: ['fc.weight'] };
    const adapted: ConfigurationInput = { ...resnet, lora, train: ['layer2.*'] };
    const expected = await run(adapted, 'run');
    const tensors = expected.model?.layout.map(({ name }) => name) ?? [];
    expect(tensors.filter((name) => name.includes('lora'))).toEqual([]);
    const outcomes: Promise<TakePartOutcome | Error>[] = [];
    const { result } = await servedOver(
      overNats(server.url),
      folder,
      { dataset: 'colours', ...adapted },
      { test: split(coloured).test },
      ({ join: take }) => {
        for (const [name, options] of Object.entries(shares)) outcomes.push(take(name, options));
      },
    );
    expect(await Promise.all(outcomes)).toMatchObject([{ type: 'finished' }, { type: 'finished' }]);
    expect(result.model?.sha256).toBe(expected.result.model?.sha256);
  });
});
