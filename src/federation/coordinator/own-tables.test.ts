/** Federations whose owners have a table each: in a simulation, and over a real hub. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servedOverHub } from '../../../test/served-over-hub.js';
import { replayRun } from '../../experiments/replay.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { runFederation } from './run-federation.js';

const hospitals = ['cleveland', 'hungary', 'long-beach', 'switzerland'];
const files = hospitals.map((name) => resolve(`data/heart-disease/${name}.csv`));

const data = {
  kind: 'table',
  // Not in the order of the alphabet, nor of the file.
  columns: {
    oldpeak: 'number',
    thal: ['normal', 'fixed defect', 'reversable defect'],
    age: { number: 'years', range: [20, 90] },
    sex: ['Female', 'Male'],
    chol: { number: 'mg/dl', missing: [0] },
  },
  target: { column: 'num', positive: '> 0', names: ['healthy', 'ill'] },
} as const satisfies ConfigurationInput['data'];

const settings = {
  model: { name: 'mlp', hidden: [8] },
  optimizer: { name: 'adam', learningRate: 0.02 },
  local: { epochs: 2 },
  rounds: 2,
  constants: {
    'preprocess.constants.impute': [0.9, 54, 240],
    'preprocess.constants.low': [-3, 20, 100],
    'preprocess.constants.high': [7, 90, 600],
    'preprocess.constants.mean': [0.9, 54, 240],
    'preprocess.constants.deviation': [1, 9, 60],
  },
} as const;

const mapValues = <T>(of: Readonly<Record<string, T>>, f: (value: T) => Tensor) =>
  Object.fromEntries(Object.entries(of).map(([name, value]) => [name, f(value)]));

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'own-tables-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a simulation with a table for each site', () => {
  it('trains each participant on its own file, tests on a fifth of each, and is replayed', async () => {
    const notices: string[] = [];
    const out = join(folder, 'simulated');
    const { result } = await runFederation(
      { ...settings, partition: { name: 'own' }, data: { ...data, sites: files } },
      { out, workers: 1, observer: { onNotice: (notice) => notices.push(notice) } },
    );
    const [first] = result.rounds;
    expect(first?.participants.map(({ name, examples }) => [name, examples])).toEqual([
      ['cleveland', 218],
      ['hungary', 211],
      ['long-beach', 144],
      ['switzerland', 88],
    ]);
    expect(result.rounds.at(-1)?.merged.mean?.test?.accuracy).toBeGreaterThan(0.7);
    expect((await replayRun(out, { workers: 1 })).differences).toEqual([]);
  });
});

describe('a federation whose owners join with a table each', () => {
  const partition = { name: 'own', participants: 2, validation: 0.2 };
  const participants = ['north', 'south'];

  it('gives a model that reads the cells, with the numbers that stand for a missing one', async () => {
    const session = await InferenceSession.create(await readFile(join(folder, 'simulated', 'model.onnx')));
    const numbers = { oldpeak: [1, 1, 1], age: [60, 60, 60], chol: [0, Number.NaN, 300] };
    const texts = { thal: ['normal', 'normal', 'normal'], sex: ['Male', 'Male', 'Male'] };
    const { probabilities } = await session.run({
      ...mapValues(numbers, (cells) => new Tensor('float32', Float32Array.from(cells), [3])),
      ...mapValues(texts, (cells) => new Tensor('string', cells, [3])),
    });
    const [zero, , missing, , known] = (probabilities as Tensor).data as Float32Array;
    expect(zero).toBe(missing);
    expect(known).not.toBe(missing);
  });

  it('comes to a model, with and without a table of the coordinator', async () => {
    const joining = { north: { data: files[0] as string }, south: { data: files[2] as string } };
    for (const dataset of [files[1] as string, 'none']) {
      const out = await mkdtemp(join(folder, 'served-'));
      const { result, outcomes } = await servedOverHub(
        out,
        { ...settings, data, dataset, partition, participants },
        {},
        joining,
      );
      expect(outcomes.filter((outcome) => outcome instanceof Error)).toEqual([]);
      const test = result.rounds.at(-1)?.merged.mean?.test;
      expect(test === undefined).toBe(dataset === 'none');
    }
  });

  it('tells an owner what is wrong with its table, before it trains', async () => {
    const path = join(folder, 'south.csv');
    const table = await readFile(files[0] as string, 'utf8');
    await writeFile(path, table.replace('chol', 'cholesterol').replace('oldpeak', 'old'));
    const leave = new AbortController();
    const { outcomes } = await servedOverHub(
      await mkdtemp(join(folder, 'served-')),
      { ...settings, data, dataset: 'none', partition, participants },
      { signal: leave.signal, farewellSeconds: 0 },
      { south: { data: path.replace('south', 'nowhere') } },
      (outcome) => outcome instanceof Error && leave.abort(),
    );
    expect(outcomes[0]).toMatchObject({ message: expect.stringContaining('nowhere.csv" is not there') });
  });

  it('is refused where the names of categories are not declared', async () => {
    const columns = { ...data.columns, thal: 'category' } as const;
    await expect(
      servedOverHub(
        await mkdtemp(join(folder, 'served-')),
        { ...settings, data: { ...data, columns }, dataset: 'none', partition, participants },
        {},
        {},
      ),
    ).rejects.toThrow('the names of "thal" are not declared');
  });
});
