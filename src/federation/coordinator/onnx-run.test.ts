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
