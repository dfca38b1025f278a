/** Federations of tables: the layer that prepares rows stands before every network. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { some } from '../../../test/every-case.js';
import { smallTable, smallTableConstants } from '../../../test/small-table.js';
import { arrayDataset } from '../../data/arrays/array-dataset.js';
import type { Dataset } from '../../data/dataset.js';
import { replayRun } from '../../experiments/replay.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { type StateDict, tensorView } from '../../tensor/state-dict.js';
import { runFederation } from './run-federation.js';

const data = { train: smallTable(600), test: smallTable(200, 2) };
const configuration = {
  partition: { name: 'iid', participants: 2 },
  optimizer: { name: 'adam', learningRate: 0.02 },
  local: { epochs: 5 },
  batchSize: 20,
  rounds: 2,
  constants: smallTableConstants,
} as const satisfies Omit<ConfigurationInput, 'model'>;

const run = (model: ConfigurationInput['model'], change = {}) =>
  runFederation({ ...configuration, model, ...change }, { data, workers: 1 });

describe('a federation of tables', () => {
  it.each([
    ['one-hot categories', {}],
    ['embeddings', { embeddings: 2 } as const],
  ])('learns from numbers, what is missing, and %s', async (_, embeddings) => {
    const { result, model } = await run({ name: 'mlp', hidden: [16], ...embeddings });
    expect(result.rounds.at(-1)?.merged.mean?.test?.accuracy).toBeGreaterThan(0.95);
    const names = model?.layout.map(({ name }) => name);
    expect(names?.slice(0, 5)).toEqual(
      ['impute', 'low', 'high', 'mean', 'deviation'].map((name) => `preprocess.constants.${name}`),
    );
    expect(names?.includes('preprocess.embeddings.0.weight')).toBe('embeddings' in embeddings);
  });

  describe('without constants', () => {
    const { constants: _, ...surveyed } = { ...configuration, model: { name: 'mlp', hidden: [16] } } as const;
    const constantOf = (of: StateDict | undefined, name: string) =>
      tensorView(of!, `preprocess.constants.${name}`)[0]!;
    let folder = '';
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'commonweight-table-'));
    });
    afterAll(() => rm(folder, { recursive: true }));

    it('takes them from the rows of all participants, and none from the test rows', async () => {
      const { result, model } = await runFederation(surveyed, { data, workers: 1 });
      expect(result.rounds.at(-1)?.merged.mean?.test?.accuracy).toBeGreaterThan(0.95);
      const shifted = Float32Array.from(data.test.inputs[0]!.values as Float32Array, (age) =>
        age < 0 ? age : age + 1000,
      );
      const [numbers, categories] = data.test.inputs;
      const test = { ...data.test, inputs: [{ ...numbers!, values: shifted }, categories!] };
      const other = await runFederation(surveyed, { data: { ...data, test }, workers: 1 });
      expect(other.model).toEqual(model);
      // Ages from 20 to 79, each as likely; small cells move a few of them.
      expect(Math.abs(constantOf(model, 'mean') - 49.5)).toBeLessThan(2);
      expect(Math.abs(constantOf(model, 'deviation') - 17.3)).toBeLessThan(2);
      expect(Math.abs(constantOf(model, 'impute') - 49.5)).toBeLessThan(5);
    });

    it('has the same when it is resumed, and when it is replayed', async () => {
      const kept = (rounds: number, name: string) =>
        runFederation({ ...surveyed, rounds }, { data, workers: 1, out: join(folder, name) });
      await kept(1, 'resumed');
      const resumed = await kept(2, 'resumed');
      const atOnce = await kept(2, 'at once');
      expect(resumed.model).toEqual(atOnce.model);
      const { differences } = await replayRun(join(folder, 'resumed'), { data, workers: 1 });
      expect(differences).toEqual([]);
    });
  });

  it('is prepared otherwise by the settings, which may not give constants, too', async () => {
    const model = { name: 'mlp', hidden: [16] } as const;
    const mean = async (change: object) => {
      const run = await runFederation({ ...configuration, model, ...change }, { data, workers: 1 });
      return tensorView(run.model!, 'preprocess.constants.mean')[0]!;
    };
    const preprocessing = { standardize: false };
    expect(await mean({ constants: undefined, preprocessing })).toBe(0);
    await expect(mean({ preprocessing })).rejects.toThrow(
      /"preprocessing".*"constants" gives "preprocess\.constants\.\w+", expected one of both/,
    );
  });
});

describe('the networks for tables', () => {
  it.each(
    some<[string, ConfigurationInput['model'], number]>(
      [
        ['mlp with batch norm', { name: 'mlp', hidden: [16], norm: 'batch' }, 0.95],
        [
          'mlp with layer norm and embeddings',
          { name: 'mlp', hidden: [16], norm: 'layer', embeddings: 2 },
          0.95,
        ],
        ['tabular-resnet', { name: 'tabular-resnet', width: 16, hidden: 32, dropout: 0.1 }, 0.95],
        // The illness of young men is no sum of what age and sex do.
        ['logistic-regression', { name: 'logistic-regression' }, 0.8],
      ],
      2,
    ),
  )('train by name: %s', async (_, network, accuracy) => {
    const { result, model } = await run(network);
    expect(result.rounds.at(-1)?.merged.mean?.test?.accuracy).toBeGreaterThan(accuracy);
    const counters = model?.layout.filter(({ name }) => name.endsWith('num_batches_tracked')) ?? [];
    // 240 to 300 examples of each participant, in batches of 20, 5 times in each of 2 rounds.
    for (const { name } of counters) expect(tensorView(model!, name)[0]).toBeGreaterThanOrEqual(120);
  });

  it('train on numbers: linear-regression', async () => {
    const asNumber = (of: Dataset): Dataset => {
      const values = Float32Array.from(of.targets[0]!.values as Int32Array, (ill) => 10 * ill);
      return {
        ...of,
        targets: [{ name: 'ill', dtype: 'f32', shape: [], meaning: { kind: 'number' }, values }],
      };
    };
    const { result } = await runFederation(
      { ...configuration, rounds: 4, model: { name: 'linear-regression' }, task: { name: 'regression' } },
      { data: { train: asNumber(data.train), test: asNumber(data.test) }, workers: 1 },
    );
    expect(result.rounds.at(-1)?.merged.mean?.test?.rmse).toBeLessThan(4);
  });

  it('train on signals: cnn1d', async () => {
    const signals = (examples: number): Dataset => {
      const kinds = Int32Array.from({ length: examples }, (_, i) => i % 2);
      const wave = (i: number, t: number) => Math.sin((kinds[i] === 0 ? 0.5 : 1.1) * t + i);
      return arrayDataset({
        name: 'waves',
        inputs: [
          {
            ...{ name: 'signal', shape: [32] },
            values: Float32Array.from({ length: 32 * examples }, (_, at) =>
              wave(Math.floor(at / 32), at % 32),
            ),
          },
        ],
        targets: [{ name: 'kind', values: kinds, meaning: { kind: 'categories', names: ['slow', 'fast'] } }],
      });
    };
    const { constants: _, ...others } = configuration;
    const { result } = await runFederation(
      { ...others, model: { name: 'cnn1d' }, rounds: 1 },
      { data: { train: signals(120), test: signals(40) }, workers: 1 },
    );
    expect(result.rounds.at(-1)?.merged.mean?.test?.accuracy).toBe(1);
  });

  it.each<[ConfigurationInput['model'], RegExp]>([
    [{ name: 'lenet5' }, /"lenet5", which reads pictures.*numbers f32\[1\], categories i32\[1\]/],
    [{ name: 'linear-regression' }, /"linear-regression", but the task is "classification"/],
  ])('are refused for data or tasks of other kinds: %j', async (model, message) => {
    await expect(run(model)).rejects.toThrow(message);
  });

  it('have embeddings only where the data have categories of a table', async () => {
    const without = (of: Dataset): Dataset => ({ ...of, inputs: of.inputs.slice(0, 1) });
    await expect(
      runFederation(
        { ...configuration, model: { name: 'mlp', embeddings: 'auto' } },
        { data: { train: without(data.train), test: without(data.test) }, workers: 1 },
      ),
    ).rejects.toThrow(/"model\.embeddings" is auto.*no categories/);
  });
});
