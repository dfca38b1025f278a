/** Federations of other data than pictures, and of tasks of a program's own, over a real hub and NATS. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { poisson } from '../../../examples/own-task.js';
import { some } from '../../../test/every-case.js';
import { type NatsServer, natsServer, withoutNats } from '../../../test/nats-server.js';
import { counts, ownTaskRun, ownTasks, sentences } from '../../../test/own-tasks.js';
import { overHub, overNats, servedOver } from '../../../test/served-over.js';
import { servedOverHub } from '../../../test/served-over-hub.js';
import { reader, VOCABULARY } from '../../../test/small-datasets.js';
import type { HubWatcher } from '../../../test/watch-hub.js';
import { arrayDataset } from '../../data/arrays/array-dataset.js';
import { type Dataset, subset, withoutExamples } from '../../data/dataset.js';
import { mlp } from '../../engine/nn/models/mlp.js';
import { factsOfMetrics } from '../../engine/nn/tasks/evaluation-sums.js';
import type { Task } from '../../engine/nn/tasks/task.js';
import { replayRun } from '../../experiments/replay.js';
import type { RunOperator } from '../../transport/run-operator.js';
import { FINAL_MODEL } from '../participant/kept/participant-files.js';
import type { JoinOptions } from '../participant/node/join-federation.js';
import type { TakePartOutcome } from '../participant/take-part.js';
import { shareChoice } from '../plan/share-choice.js';
import { runFederation } from './run-federation.js';
import { serveFederation } from './serve-federation.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'any-task-'));
});
afterEach(() => rm(folder, { recursive: true }));

const shareOf = (dataset: Dataset, part: number, parts = 2): JoinOptions => ({
  data: dataset,
  choice: shareChoice(`dirichlet:alpha=1:${part}/${parts}`),
});

describe('a federation over a hub', () => {
  it.each(some(Object.entries(ownTasks), 2))(
    'of %s comes to the bytes of a run on one machine',
    async (_, one) => {
      const { dataset, settings, extensions, metric } = one;
      const test = subset(dataset, [0, 1, 2, 3, 4, 5], 'test');
      const configuration = { ...ownTaskRun, ...settings };
      const brought = { extensions, shareLabelCounts: true };
      const way = await overHub(folder);
      const taking: Promise<TakePartOutcome | Error>[] = [];
      let watching: Promise<HubWatcher> | undefined;
      const { result, out } = await servedOver(
        way,
        folder,
        { dataset: dataset.name, ...configuration },
        { extensions, test },
        ({ join }) => {
          watching = way.watch?.();
          for (const part of [1, 2])
            taking.push(join(`environment-${part}`, { ...shareOf(dataset, part), ...brought }));
        },
      );
      const local = join(folder, 'local');
      const run = { out: local, data: { train: dataset, test }, workers: 1, extensions };
      const { result: expected } = await runFederation(configuration, run);
      expect(await Promise.all(taking)).toMatchObject([{ type: 'finished' }, { type: 'finished' }]);
      const file = await readFile(join(local, 'model.safetensors'));
      expect(file.equals(await readFile(join(out, 'model.safetensors')))).toBe(true);
      expect(file.equals(await readFile(join(folder, 'environment-2', FINAL_MODEL)))).toBe(true);
      const figures = (of: typeof result) => of.rounds.map(({ merged, copied }) => ({ merged, copied }));
      expect(figures(result)).toEqual(figures(expected));
      expect(result.rounds.at(-1)?.copied[0]?.validation[metric]).toBeTypeOf('number');
      // What a dashboard shows.
      const watcher = await watching;
      expect(watcher?.of('overview')[0]?.overview.metrics[0]?.name).toBe(metric);
      const data = { train: dataset, test };
      expect((await replayRun(out, { workers: 1, data, extensions })).differences).toEqual([]);
    },
  );

  it('needs no test examples of the coordinator, only what the data are', async () => {
    const { result, outcomes } = await servedOverHub(
      folder,
      { ...ownTaskRun, ...ownTasks['tokens, and a category']?.settings, rounds: 1 },
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
  const tokens = input?.values as Int32Array;
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
      { ...ownTaskRun, rounds: 1 },
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
      { ...ownTaskRun, rounds: 1 },
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
        { ...ownTaskRun, task: { name: 'custom', metrics } },
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

describe.skipIf(withoutNats)(
  'a federation over NATS in which a participant is dropped and a round is repeated',
  () => {
    let server: NatsServer;
    beforeAll(async () => {
      server = await natsServer();
    });
    afterAll(() => server.stop());

    it.each(some(Object.entries(ownTasks).reverse()))(
      'of %s comes to the bytes of its replay',
      async (_, one) => {
        const { dataset, settings, extensions, metric } = one;
        const data = { train: dataset, test: subset(dataset, [0, 1, 2, 3, 4, 5], 'test') };
        const partition = { ...ownTaskRun.partition, participants: 3 };
        const configuration = { dataset: dataset.name, ...ownTaskRun, ...settings, partition, rounds: 3 };
        const acts: Promise<unknown>[] = [];
        let operator: RunOperator | undefined;
        const taking: Promise<TakePartOutcome | Error>[] = [];
        const { result, out } = await servedOver(
          overNats(server.url),
          folder,
          configuration,
          {
            ...{ extensions, test: data.test },
            observer: {
              onEvent({ type, round }) {
                if (type !== 'merged' || round !== 2 || acts.length > 0) return;
                acts.push(
                  operator?.rollback(1) ?? Promise.resolve(),
                  operator?.drop('environment-3') ?? Promise.resolve(),
                );
              },
            },
          },
          (run) => {
            operator = run.operator;
            for (const part of [1, 2, 3])
              taking.push(run.join(`environment-${part}`, { ...shareOf(dataset, part, 3), extensions }));
          },
        );
        await Promise.all(acts);
        const [first, , dropped] = await Promise.all(taking);
        expect(first).toMatchObject({ type: 'finished', reason: 'max-rounds' });
        expect(dropped).toMatchObject({ message: expect.stringMatching(/"environment-3".*dropped/) });
        expect(result.rounds.map(({ participants }) => participants.length)).toEqual([3, 2, 2]);
        expect(result.rounds.at(-1)?.copied[0]?.validation[metric]).toBeTypeOf('number');
        const { differences } = await replayRun(out, { workers: 1, data, extensions });
        expect(differences).toEqual([]);
      },
    );
  },
);
