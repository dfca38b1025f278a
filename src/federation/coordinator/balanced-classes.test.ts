/** Federations whose loss weighs classes by a survey: of arrays and tables, and over real channels. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { natsServer, withoutNats } from '../../../test/nats-server.js';
import { overHub, overNats, type ServedRun, servedOver, type Way } from '../../../test/served-over.js';
import { smallTable } from '../../../test/small-table.js';
import { arrayDataset } from '../../data/arrays/array-dataset.js';
import { type TrainTestSplit, withoutTest } from '../../data/dataset.js';
import { dense } from '../../engine/nn/layers/layers.js';
import type { Network } from '../../engine/nn/layers/network.js';
import { replayRun } from '../../experiments/replay.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { decodeSafetensors } from '../../tensor/safetensors.js';
import type { JoinOptions } from '../participant/node/join-federation.js';
import type { TakePartOutcome } from '../participant/take-part.js';
import { shareChoice } from '../plan/share-choice.js';
import type { RoundEvent } from '../rounds/round-events.js';
import { type FederationOptions, runFederation } from './run-federation.js';
import { eachInFolder } from './serve-federation.contract.js';
import type { ServeOptions } from './serve-federation.js';

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
/** Bright ones are of the second class, one in four. */
const pictures: Data = withoutTest(
  arrayDataset({
    name: 'checks',
    inputs: [
      {
        ...{ name: 'images', shape: [1, 4, 4], meaning: { kind: 'picture' } },
        values: Uint8Array.from({ length: 300 * 16 }, (_, i) =>
          (i >> 4) % 4 === 0 ? 200 + (i % 7) : i % 50,
        ),
      },
    ],
    targets: [
      {
        ...{ name: 'class', values: Int32Array.from({ length: 300 }, (_, i) => Number(i % 4 === 0)) },
        meaning: { kind: 'categories', names: ['dark', 'bright'] },
      },
    ],
  }),
);
const table: Data = { train: smallTable(300), test: smallTable(60, 2) };

const folderOf = eachInFolder();
const constantsOf = async (out: string) =>
  decodeSafetensors(await readFile(join(out, 'models/constants-1.safetensors')), 'constants').state;

const run = (out: string, more: object = {}, data: Data = arrays, own: FederationOptions = {}) =>
  runFederation({ ...configuration, ...more }, { data, out, workers: 1, ...own });
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
    const folder = folderOf();
    await expect(run(join(folder, 'run'), {}, data)).rejects.toThrow(
      'options: "loss.classWeights" is "balanced", but no training row is counted in the class "unknown"',
    );
    // Nothing was begun.
    expect(await readdir(folder)).toEqual([]);
  });

  it('refuses weights that are given beside, in the settings of constants', async () => {
    const constants = { 'loss.constants.classWeights': [1, 2] };
    await expect(run(join(folderOf(), 'run'), { constants })).rejects.toThrow(
      'but "constants" gives "loss.constants.classWeights", expected one of both',
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
  interface Case {
    readonly more?: object;
    readonly data?: Data;
    /** What the coordinator brings. */
    readonly own?: Pick<ServeOptions, 'extensions'>;
    /** What participants bring, the first of them something else. */
    readonly theirs?: Partial<JoinOptions>;
    readonly first?: Partial<JoinOptions>;
    /** Whether a model is there to start from. */
    readonly starts?: true;
  }
  const twoLayers: Network = (scope, x) => dense(scope.in('head'), dense(scope.in('body'), x, 3), 2);
  const extensions = { network: twoLayers };
  const cases: readonly [string, Case][] = [
    ['arrays', {}],
    ['a table', { more: { dataset: 'small-table' }, data: table }],
    [
      'a table that each site prepares',
      { more: { dataset: 'small-table', preprocessing: { statistics: 'site' } }, data: table },
    ],
    ['arrays and a method that sums gradients', { more: { strategy: { name: 'fisher-mean' } } }],
    ['pictures', { more: { dataset: 'checks' }, data: pictures }],
    ['a model to start from', { starts: true }],
    ['a table and a model to start from', { more: { dataset: 'small-table' }, data: table, starts: true }],
    [
      'a network that one participant has, and others take the plan of',
      {
        more: { model: { name: 'custom' } },
        ...{ own: { extensions }, first: { extensions }, theirs: { acceptForeignPlan: true } },
      },
    ],
  ];

  async function comesToTheBytes(way: Way, folder: string, one: Case = {}): Promise<void> {
    const { more = {}, data = arrays, own, theirs, first = theirs, starts } = one;
    const settings = { ...configuration, ...more };
    const init = starts && join(folder, 'first/model.safetensors');
    if (starts) await run(join(folder, 'first'), { ...more, rounds: 1, seed: 7 }, data);
    const taking: Promise<TakePartOutcome | Error>[] = [];
    const { out } = await servedOver(way, folder, settings, { test: data.test, init, ...own }, (served) => {
      for (const [i, name] of names.entries()) {
        const brought = i === 0 ? first : theirs;
        const choice = shareChoice(`iid:${i + 1}/3`);
        taking.push(served.join(name, { data: data.train, choice, ...brought }));
      }
    });
    for (const outcome of await Promise.all(taking)) expect(outcome).toMatchObject({ type: 'finished' });
    const alone = join(folder, 'run');
    const { result } = await run(alone, more, data, { init, ...own });
    expect((await stateOf(out)).equals(await stateOf(alone))).toBe(true);
    expect(await constantsOf(out)).toEqual(await constantsOf(alone));
    const personal = new Map(result.personal?.map(({ name, file }) => [name, file]));
    for (const name of names) {
      const expected = await readFile(personal.get(name) ?? join(alone, 'model.safetensors'));
      expect((await stateOf(join(folder, name))).equals(expected)).toBe(true);
    }
    expect((await replayRun(out, { data, workers: 1, init, ...own })).differences).toEqual([]);
  }

  it.each(cases)('comes to the bytes of a run over a hub: %s', async (_, one) => {
    const folder = folderOf();
    await comesToTheBytes(await overHub(folder), folder, one);
  });

  it.each(['computed', 'merged'])('that stops when it has %s goes on to the same bytes', async (moment) => {
    const folder = folderOf();
    const stopping = new AbortController();
    const observer = { onEvent: ({ type }: RoundEvent) => type === moment && stopping.abort() };
    const served = (options: Partial<ServeOptions>, joins: (run: ServedRun) => void) =>
      overHub(folder).then((way) => servedOver(way, folder, configuration, options, joins));
    const taking: Promise<TakePartOutcome | Error>[] = [];
    const take = (signal: AbortSignal | undefined) => (run: ServedRun) => {
      for (const [i, name] of names.entries()) {
        const choice = shareChoice(`iid:${i + 1}/3`);
        taking.push(run.join(name, { data: arrays.train, choice, signal }));
      }
    };
    await served({ test: arrays.test, observer, signal: stopping.signal }, take(stopping.signal));
    await Promise.all(taking.splice(0));
    const { out } = await served({ test: arrays.test }, take(undefined));
    for (const outcome of await Promise.all(taking)) expect(outcome).toMatchObject({ type: 'finished' });
    const alone = join(folder, 'run');
    await run(alone);
    expect((await stateOf(out)).equals(await stateOf(alone))).toBe(true);
    expect(await constantsOf(out)).toEqual(await constantsOf(alone));
  });

  it('ends with one line when the survey finds a class that nobody has', async () => {
    const folder = folderOf();
    const train = rare(['well', 'ill', 'unknown']);
    const leaving = new AbortController();
    const taking: Promise<TakePartOutcome | Error>[] = [];
    const serving = servedOver(
      await overHub(folder),
      folder,
      configuration,
      { test: withoutTest(train).test },
      (served) => {
        for (const [i, name] of names.entries()) {
          const choice = shareChoice(`iid:${i + 1}/3`);
          taking.push(served.join(name, { data: train, choice, signal: leaving.signal }));
        }
      },
    );
    await expect(serving).rejects.toMatchObject({
      ...{ name: 'ConfigurationError', hint: 'leave the class out, or give a number for each class' },
      message:
        'survey: "loss.classWeights" is "balanced", but no training row is counted in the class "unknown"; counts below 5 of a participant are hidden',
    });
    leaving.abort();
    await Promise.all(taking);
  });

  it.skipIf(withoutNats)('comes to the bytes of a run over NATS', async () => {
    const server = await natsServer();
    await comesToTheBytes(overNats(server.url), folderOf()).finally(() => server.stop());
  });
});
