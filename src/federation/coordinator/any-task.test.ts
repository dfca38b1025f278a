/** Federations of other data than pictures, and of tasks of a program's own, over a real hub. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { poisson } from '../../../examples/own-task.js';
import { servedOverHub } from '../../../test/served-over-hub.js';
import { randomStream } from '../../base/random.js';
import { arrayDataset } from '../../data/arrays/array-dataset.js';
import { type Dataset, subset, withoutExamples } from '../../data/dataset.js';
import * as g from '../../engine/graph/build.js';
import { dense, embedding } from '../../engine/nn/layers/layers.js';
import type { Network } from '../../engine/nn/layers/network.js';
import { mlp } from '../../engine/nn/models/mlp.js';
import { factsOfMetrics } from '../../engine/nn/tasks/measures.js';
import type { Task } from '../../engine/nn/tasks/task.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import type { JoinOptions } from '../participant/node/join-federation.js';
import { FINAL_MODEL } from '../participant/take-part.js';
import type { Extensions } from '../plan/extensions.js';
import { shareChoice } from '../plan/share-choice.js';
import { runFederation } from './run-federation.js';
import { serveFederation } from './serve-federation.js';

const EXAMPLES = 60;
const random = randomStream('any task over a hub');
const features = Float32Array.from({ length: 2 * EXAMPLES }, () => random.normal());
const inputs = [{ name: 'features', values: features, shape: [2] }];
const numbers = (of: (a: number, b: number) => number) =>
  Float32Array.from({ length: EXAMPLES }, (_, i) =>
    of(features[2 * i] as number, features[2 * i + 1] as number),
  );
const distances = arrayDataset({
  name: 'distances',
  inputs,
  targets: [
    {
      name: 'distance',
      values: numbers((a, b) => 2 * a - b + 1 + 0.1 * random.normal()),
      meaning: { kind: 'number', unit: 'km' },
    },
  ],
});
const counts = arrayDataset({
  name: 'counts',
  inputs,
  targets: [{ name: 'count', values: numbers((a) => Math.max(0, Math.round(Math.exp(a)))) }],
});
const [LENGTH, VOCABULARY] = [5, 6];
const tokens = Int32Array.from({ length: LENGTH * EXAMPLES }, (_, i) =>
  i % LENGTH === 0 ? random.integer(3) : 3 + random.integer(VOCABULARY - 3),
);
const sentences = arrayDataset({
  name: 'sentences',
  inputs: [
    { name: 'tokens', values: tokens, shape: [LENGTH], meaning: { kind: 'tokens', vocabulary: VOCABULARY } },
  ],
  targets: [
    {
      name: 'kind',
      values: Int32Array.from({ length: EXAMPLES }, (_, i) => tokens[LENGTH * i] as number),
      meaning: { kind: 'categories', names: ['question', 'order', 'wish'] },
    },
  ],
});
const reader: Network = (scope, tokens) => {
  const words = embedding(scope.in('words'), tokens, { vocabulary: VOCABULARY, features: 4 });
  return dense(scope.in('fc'), g.reduceMean(words, [1]), 3);
};

interface Case {
  readonly dataset: Dataset;
  readonly settings: Partial<ConfigurationInput>;
  /** What both sides bring. */
  readonly extensions: Extensions;
  readonly metric: string;
}

const cases: Readonly<Record<string, Case>> = {
  'numbers of a table, and a number': {
    dataset: distances,
    settings: { task: { name: 'regression', unit: 'km' }, model: { name: 'mlp', hidden: [4] } },
    extensions: {},
    metric: 'rmse',
  },
  'tokens, and a category': {
    dataset: sentences,
    settings: {},
    extensions: { network: reader },
    metric: 'accuracy',
  },
  'a task of one’s own': {
    dataset: counts,
    settings: {},
    extensions: { network: mlp({ classes: 1, hidden: [4] }), task: poisson },
    metric: 'deviance',
  },
};

const base = {
  partition: { name: 'dirichlet', participants: 2, alpha: 1 },
  model: { name: 'custom' },
  optimizer: { name: 'sgd', learningRate: 0.05 },
  batchSize: 8,
  local: { epochs: 2 },
  rounds: 2,
} as const satisfies ConfigurationInput;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'any-task-'));
});
afterEach(() => rm(folder, { recursive: true }));

const shareOf = (dataset: Dataset, part: number): JoinOptions => ({
  data: dataset,
  choice: shareChoice(`dirichlet:alpha=1:${part}/2`),
});

describe('a federation over a hub', () => {
  it.each(Object.entries(cases))('of %s comes to the bytes of a run on one machine', async (_, one) => {
    const { dataset, settings, extensions, metric } = one;
    const test = subset(dataset, [0, 1, 2, 3, 4, 5], 'test');
    const configuration = { ...base, ...settings };
    const brought = { extensions, shareLabelCounts: true };
    const { result, outcomes, out } = await servedOverHub(
      folder,
      { dataset: dataset.name, ...configuration },
      { extensions, test },
      {
        'environment-1': { ...shareOf(dataset, 1), ...brought },
        'environment-2': { ...shareOf(dataset, 2), ...brought },
      },
    );
    const local = join(folder, 'local');
    const run = { out: local, data: { train: dataset, test }, workers: 1, extensions };
    const { result: expected } = await runFederation(configuration, run);
    expect(outcomes).toMatchObject([{ type: 'finished' }, { type: 'finished' }]);
    const file = await readFile(join(local, 'model.safetensors'));
    expect(file.equals(await readFile(join(out, 'model.safetensors')))).toBe(true);
    expect(file.equals(await readFile(join(folder, 'environment-2', FINAL_MODEL)))).toBe(true);
    const figures = (of: typeof result) => of.rounds.map(({ merged, copied }) => ({ merged, copied }));
    expect(figures(result)).toEqual(figures(expected));
    expect(result.rounds.at(-1)?.copied[0]?.validation[metric]).toBeTypeOf('number');
  });

  it('needs no test examples of the coordinator, only what the data are', async () => {
    const { result, outcomes } = await servedOverHub(
      folder,
      { ...base, ...cases['tokens, and a category']?.settings, rounds: 1 },
      { extensions: { network: reader }, test: withoutExamples(sentences) },
      {
        'environment-1': { ...shareOf(sentences, 1), extensions: { network: reader } },
        'environment-2': { ...shareOf(sentences, 2), extensions: { network: reader } },
      },
    );
    expect(outcomes).toMatchObject([{ type: 'finished' }, { type: 'finished' }]);
    expect(result.rounds[0]?.copied[1]?.validation.accuracy).toBeTypeOf('number');
    expect(Object.keys(result.rounds[0]?.merged ?? {})).toEqual([]);
  });

  const [target] = sentences.targets;
  const [input] = sentences.inputs;
  const withInput = (change: object) => ({ ...sentences, inputs: [{ ...input, ...change }] }) as Dataset;
  const withTarget = (meaning: object) =>
    ({ ...sentences, targets: [{ ...target, meaning: { ...target?.meaning, ...meaning } }] }) as Dataset;
  const refused: readonly (readonly [string, JoinOptions, RegExp])[] = [
    [
      'a column of another shape',
      {
        extensions: { network: reader },
        data: arrayDataset({
          name: 'short',
          inputs: [
            {
              name: 'tokens',
              values: tokens,
              shape: [1],
              meaning: { kind: 'tokens', vocabulary: VOCABULARY },
            },
          ],
          targets: [
            {
              name: 'kind',
              values: new Int32Array(tokens.length),
              meaning: { kind: 'categories', names: ['question'] },
            },
          ],
        }),
      },
      /"short" is tokens i32\[1\] of 6 tokens.*expected tokens i32\[5\] of 6 tokens/,
    ],
    [
      'a column of another name',
      { extensions: { network: reader }, data: withInput({ name: 'words' }) },
      /words i32\[5\].*expected tokens i32\[5\]/,
    ],
    [
      'another vocabulary',
      { extensions: { network: reader }, data: withInput({ meaning: { kind: 'tokens', vocabulary: 7 } }) },
      /of 7 tokens.*expected .*of 6 tokens/,
    ],
    [
      'a category that nobody knows',
      { extensions: { network: reader }, data: withTarget({ names: ['question', 'order', 'wishes'] }) },
      /"wishes" \d+ times in "kind".*expected "question", "order", "wish"/,
    ],
    [
      'a folder',
      { extensions: { network: reader }, data: '/nowhere' },
      /about tokens i32\[5\] and kind i32\[\].*pictures/,
    ],
    [
      'a task of one’s own where none is asked for',
      { extensions: { network: reader, task: poisson }, data: sentences },
      /a task is given, but "task.name" is "classification"/,
    ],
  ];
  it.each(refused)('refuses a participant with %s in a sentence', async (_, bad, message) => {
    const leave = new AbortController();
    const { outcomes } = await servedOverHub(
      folder,
      { ...base, rounds: 1 },
      {
        ...{
          extensions: { network: reader },
          test: withoutExamples(sentences),
          signal: leave.signal,
          farewellSeconds: 0,
        },
      },
      { 'environment-1': { ...bad, onNotice: () => {} } },
      (outcome) => outcome instanceof Error && leave.abort(),
    );
    expect(outcomes[0]).toMatchObject({ message: expect.stringMatching(message) });
  });

  it('refuses a task that is measured by other metrics', async () => {
    const leave = new AbortController();
    const [deviance, ...others] = poisson.metrics;
    const other: Task = { ...poisson, metrics: [{ ...deviance, name: 'excess' }, ...others] };
    const extensions = { network: mlp({ classes: 1, hidden: [4] }), task: poisson };
    const { outcomes } = await servedOverHub(
      folder,
      { ...base, rounds: 1 },
      { extensions, test: withoutExamples(counts), signal: leave.signal },
      { 'environment-1': { extensions: { ...extensions, task: other }, data: counts } },
      (outcome) => outcome instanceof Error && leave.abort(),
    );
    expect(outcomes[0]).toMatchObject({ message: expect.stringMatching(/"excess".*expected.*"deviance"/) });
  });

  it('says what is missing where the task is one’s own and is not given', async () => {
    const metrics = factsOfMetrics(poisson);
    await expect(
      serveFederation(
        { ...base, task: { name: 'custom', metrics } },
        {
          out: join(folder, 'none'),
          extensions: { network: reader },
          test: withoutExamples(counts),
          open: () => Promise.reject(new Error('opened')),
        },
      ),
    ).rejects.toThrow('"task.name" is "custom", but no task is given');
  });
});
