/** Federations whose loss weighs classes by a survey: of arrays and tables, and over real channels. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { natsServer, withoutNats } from '../../../test/nats-server.js';
import { overHub, overNats, servedOver, type Way } from '../../../test/served-over.js';
import { smallTable } from '../../../test/small-table.js';
import { arrayDataset } from '../../data/arrays/array-dataset.js';
import { type TrainTestSplit, withoutTest } from '../../data/dataset.js';
import { replayRun } from '../../experiments/replay.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { decodeSafetensors } from '../../tensor/safetensors.js';
import type { TakePartOutcome } from '../participant/take-part.js';
import { shareChoice } from '../plan/share-choice.js';
import type { RoundEvent } from '../rounds/round-events.js';
import { runFederation } from './run-federation.js';
import { eachInFolder } from './serve-federation.contract.js';

const balanced = { loss: { name: 'softmax-cross-entropy', classWeights: 'balanced' } } as const;
const configuration = {
  ...{ dataset: 'rare', partition: { name: 'iid', participants: 3 } },
  ...{ model: { name: 'mlp', hidden: [4] }, rounds: 2, batchSize: 8 },
  ...{ optimizer: { name: 'sgd', learningRate: 0.1 }, local: { steps: 3 }, ...balanced },
} as const satisfies ConfigurationInput;
const names = [1, 2, 3].map((k) => `environment-${k}`);

/** One in five is of the second class. */
const rare = (classes = ['well', 'ill']) =>
  arrayDataset({
    name: 'rare',
    inputs: [{ name: 'x', values: Float32Array.from({ length: 300 }, (_, i) => (i % 7) / 7), shape: [1] }],
    targets: [
      {
        name: 'y',
        values: Int32Array.from({ length: 300 }, (_, i) => Number(i % 5 === 0)),
        meaning: { kind: 'categories', names: classes },
      },
    ],
  });
type Data = TrainTestSplit;
const arrays: Data = withoutTest(rare());
const table: Data = { train: smallTable(300), test: smallTable(60, 2) };

const folderOf = eachInFolder();
const constantsOf = async (out: string) =>
  decodeSafetensors(await readFile(join(out, 'models/constants-1.safetensors')), 'constants').state;

const run = (out: string, more: object = {}, data: Data = arrays) =>
  runFederation({ ...configuration, ...more }, { data, out, workers: 1 });
const stateOf = async (out: string) => readFile(join(out, 'model.safetensors'));

describe('a run with balanced classes', () => {
  it('weighs them by what the survey counts, as numbers in the settings do', async () => {
    const out = join(folderOf(), 'run');
    const { model } = await run(out);
    const { layout, data } = await constantsOf(out);
    expect(layout.map(({ name }) => name)).toEqual(['loss.constants.classWeights']);
    const [well, ill] = [...data] as [number, number];
    expect(1 / (2 * well) + 1 / (2 * ill)).toBeCloseTo(1, 6);
    expect(1 / (2 * ill)).toBeCloseTo(0.2, 1);
    // The model needs no weights of its loss.
    expect(decodeSafetensors(await stateOf(out), 'model').state.layout.map(({ name }) => name)).toEqual(
      expect.not.arrayContaining(['loss.constants.classWeights']),
    );
    const loss = { name: 'softmax-cross-entropy', classWeights: [well, ill] } as const;
    const given = await runFederation({ ...configuration, loss }, { data: arrays, workers: 1 });
    expect(given.model).toEqual(model);
    const unweighted = { ...configuration, loss: { name: 'softmax-cross-entropy' } } as const;
    const plain = await runFederation(unweighted, { data: arrays, workers: 1 });
    expect(plain.model).not.toEqual(model);
  });

  it('comes to the same bytes when it is interrupted and resumed, and when it is replayed', async () => {
    const folder = folderOf();
    const [whole, halves] = [join(folder, 'whole'), join(folder, 'halves')];
    await run(whole);
    const stopping = new AbortController();
    const options = { data: arrays, out: halves, workers: 1 };
    const observer = { onEvent: ({ type }: RoundEvent) => type === 'merged' && stopping.abort() };
    await runFederation(configuration, { ...options, observer, signal: stopping.signal }).catch(() => {});
    await runFederation(configuration, options);
    expect((await stateOf(halves)).equals(await stateOf(whole))).toBe(true);
    expect((await replayRun(halves, { data: arrays, workers: 1 })).differences).toEqual([]);
  });

  it('refuses a class that nobody has', async () => {
    const data = withoutTest(rare(['well', 'ill', 'unknown']));
    await expect(run(join(folderOf(), 'run'), {}, data)).rejects.toThrow(
      'no training row is counted in the class "unknown"',
    );
  });

  it('is for a class of each example only', async () => {
    const numbers = { task: { name: 'regression' } };
    await expect(run(join(folderOf(), 'run'), numbers)).rejects.toThrow(
      '"loss.classWeights" is "balanced", but the task is "regression", expected classification',
    );
  });
});

describe('a served federation with balanced classes', () => {
  const cases: readonly [string, object, Data][] = [
    ['arrays', {}, arrays],
    ['a table', { dataset: 'small-table' }, table],
    [
      'a table that each site prepares',
      { dataset: 'small-table', preprocessing: { statistics: 'site' } },
      table,
    ],
    ['arrays and a method that sums gradients', { strategy: { name: 'fisher-mean' } }, arrays],
  ];

  async function comesToTheBytes(way: Way, folder: string, more: object, data: Data): Promise<void> {
    const settings = { ...configuration, ...more };
    const taking: Promise<TakePartOutcome | Error>[] = [];
    const { out } = await servedOver(way, folder, settings, { test: data.test }, (served) => {
      for (const [i, name] of names.entries()) {
        const choice = shareChoice(`iid:${i + 1}/3`);
        taking.push(served.join(name, { data: data.train, choice }));
      }
    });
    for (const outcome of await Promise.all(taking)) expect(outcome).toMatchObject({ type: 'finished' });
    const alone = join(folder, 'run');
    const { result } = await run(alone, more, data);
    expect((await stateOf(out)).equals(await stateOf(alone))).toBe(true);
    expect(await constantsOf(out)).toEqual(await constantsOf(alone));
    const personal = new Map(result.personal?.map(({ name, file }) => [name, file]));
    for (const name of names) {
      const expected = await readFile(personal.get(name) ?? join(alone, 'model.safetensors'));
      expect((await stateOf(join(folder, name))).equals(expected)).toBe(true);
    }
    expect((await replayRun(out, { data, workers: 1 })).differences).toEqual([]);
  }

  it.each(cases)('comes to the bytes of a run over a hub: %s', async (_, more, data) => {
    const folder = folderOf();
    await comesToTheBytes(await overHub(folder), folder, more, data);
  });

  it.skipIf(withoutNats)('comes to the bytes of a run over NATS', async () => {
    const server = await natsServer();
    await comesToTheBytes(overNats(server.url), folderOf(), {}, arrays).finally(() => server.stop());
  });
});
