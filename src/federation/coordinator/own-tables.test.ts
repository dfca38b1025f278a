/** Federations whose owners have a table each: in a simulation, and over a real hub. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { overHub, type ServedRun, servedOver } from '../../../test/served-over.js';
import { servedOverHub } from '../../../test/served-over-hub.js';
import { DataError } from '../../data/error.js';
import { siteDifferences } from '../../data/survey/site-differences.js';
import { replayRun } from '../../experiments/replay.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { readRun } from '../record/read-run.js';
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
    const { constants: _, ...surveyed } = settings;
    const { result } = await runFederation(
      { ...surveyed, partition: { name: 'own' }, data: { ...data, sites: files } },
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
    const { survey } = await readRun(out);
    expect(survey?.sites.map(({ name, rows }) => [name, rows])).toEqual(
      first?.participants.map(({ name, examples }) => [name, examples]),
    );
    const [chol] = siteDifferences(survey!);
    expect(chol).toMatchObject({ kind: 'missing', column: 'chol' });
    expect(chol).toHaveProperty('sites.0', { site: 'switzerland', rows: 88, of: 88, hidden: false });
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

  it('comes to a model, with constants and a table of the coordinator, and without both', async () => {
    const joining = { north: { data: files[0] as string }, south: { data: files[2] as string } };
    const { constants: _, ...surveyed } = settings;
    for (const [dataset, of] of [
      [files[1] as string, settings],
      ['none', surveyed],
    ] as const) {
      const out = await mkdtemp(join(folder, 'served-'));
      const { result, outcomes } = await servedOverHub(
        out,
        { ...of, data, dataset, partition, participants },
        {},
        joining,
      );
      expect(outcomes.filter((outcome) => outcome instanceof Error)).toEqual([]);
      const test = result.rounds.at(-1)?.merged.mean?.test;
      expect(test === undefined).toBe(dataset === 'none');
    }
  });

  it('tells an owner what is wrong with its table, before it joins', async () => {
    const sound = await readFile(files[0] as string, 'utf8');
    const path = join(folder, 'south.csv');
    const problems: [table: string | undefined, ...said: string[]][] = [
      [undefined, `"${path}" is not there, expected a table`],
      [sound.replace('chol', 'Chol'), '"south.csv", line 1: no column is called "chol"'],
      [sound.replace('\n63,', '\nold,'), '"south.csv", line 2, column "age": expected a number, got "old"'],
      [sound.replaceAll(/^\d+,/gm, '1$&'), 'values of "age" lie beyond 20 to 90 years', 'line 2'],
      ['age,sex\n63,Male\n', 'no column is called "num"'],
    ];
    const errors: unknown[] = [];
    const served = await mkdtemp(join(folder, 'served-'));
    const configuration = { ...settings, data, dataset: 'none', partition, participants };
    const tried = async ({ join: joined }: ServedRun) => {
      for (const [table] of problems) {
        await (table === undefined ? rm(path, { force: true }) : writeFile(path, table));
        errors.push(await joined('south', { data: path }));
      }
      await writeFile(path, sound);
      return Promise.all([joined('north', { data: files[2] as string }), joined('south', { data: path })]);
    };
    let outcomes: ReturnType<typeof tried> | undefined;
    const { out } = await servedOver(await overHub(served), served, configuration, {}, (run) => {
      outcomes = tried(run);
    });
    expect((await outcomes)?.filter((outcome) => outcome instanceof Error)).toEqual([]);
    for (const [at, [, ...said]] of problems.entries()) {
      const error = errors[at];
      expect(error).toBeInstanceOf(DataError);
      const { message, hint } = error as DataError;
      for (const words of said) expect(message).toContain(words);
      expect(message).not.toContain('\n');
      expect(hint, message).toMatch(/\w{3}/);
    }
    // The coordinator has heard of the sound table alone.
    const facts = (await readFile(join(out, 'journal.jsonl'), 'utf8')).trim().split('\n');
    expect(facts.filter((fact) => fact.includes('"joined"') && fact.includes('south'))).toHaveLength(1);
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
