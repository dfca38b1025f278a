import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RoundEvent } from '../../src/federation/rounds/round-events.js';
import { merged } from './measures.js';
import { type QueueOptions, queueOf, runQueue } from './queue.js';
import { readOutcomes } from './results-folder.js';
import type { Study, StudyRun } from './study.js';

const sample = resolve(import.meta.dirname, '../../test/fixtures/fashion-mnist-sample');
const folder = mkdtempSync(join(tmpdir(), 'commonweight-queue-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const study: Study = {
  name: 'small',
  description: 'Does the queue do what it says?',
  base: {
    dataset: sample,
    normalization: { mean: [0], deviation: [1] },
    partition: { name: 'v' },
    model: { name: 'mlp', hidden: [8] },
    optimizer: { name: 'sgd', learningRate: 0.05 },
    local: { epochs: 1 },
    rounds: 2,
    pooled: true,
  },
  variations: [
    { name: 'plain' },
    { name: 'momentum', change: { optimizer: { name: 'sgd', learningRate: 0.05, momentum: 0.9 } } },
  ],
  seeds: [0, 1],
  table: { rows: 'variations', measures: [merged('mean')] },
};
const other: Study = {
  ...study,
  name: 'other',
  variations: [{ name: 'alone', seeds: [1, 7] }],
};

const placeOf = ({ study, variation, seed }: StudyRun) => `${study.name}/${variation} ${seed}`;

/** A queue of its own folder below the test's. */
function queueIn(name: string, options: Partial<QueueOptions> = {}) {
  const started: string[] = [];
  const results = join(folder, name, 'results');
  return {
    started,
    results,
    bytes: () => readFileSync(join(results, 'small.json'), 'utf8'),
    run: (queue: readonly StudyRun[], more: Partial<QueueOptions> = {}) =>
      runQueue(queue, {
        results,
        runs: join(folder, name, 'runs'),
        workers: 1,
        ...options,
        ...more,
        observer: { ...more.observer, onStart: (run) => started.push(placeOf(run)) },
      }),
  };
}

describe('the order of the queue', () => {
  it('is seed after seed, and in each study after study with all its variations', () => {
    expect(queueOf([study, other]).map(placeOf)).toEqual([
      'small/plain 0',
      'small/momentum 0',
      'small/plain 1',
      'small/momentum 1',
      'other/alone 1',
      'other/alone 7',
    ]);
  });

  it('can be cut to some seeds, but to none that no study has', () => {
    expect(queueOf([study, other], [7, 0]).map(placeOf)).toEqual([
      'small/plain 0',
      'small/momentum 0',
      'other/alone 7',
    ]);
    expect(() => queueOf([study], [0, 3])).toThrow('no study has the seed 3, expected some of 0, 1');
  });
});

describe('the queue', () => {
  const queue = queueOf([study]);
  const undisturbed = queueIn('undisturbed');
  beforeAll(() => undisturbed.run(queue));

  it('keeps what each run came to, and does nothing twice', async () => {
    expect(undisturbed.started).toEqual(queue.map(placeOf));
    const outcomes = await readOutcomes(undisturbed.results, study);
    expect(outcomes.map(({ variation, seed }) => `small/${variation} ${seed}`)).toEqual(queue.map(placeOf));
    for (const { stopped, rounds, settings, versions, model } of outcomes) {
      expect(stopped).toEqual({ reason: 'max-rounds', round: 2 });
      expect(rounds.map(({ round }) => round)).toEqual([1, 2]);
      for (const { pooled, merged, participants, copied } of rounds) {
        expect([pooled, merged.mean?.testAccuracy]).toEqual([expect.any(Number), expect.any(Number)]);
        expect([participants.length, copied.length]).toEqual([2, 2]);
      }
      expect(settings).toMatchObject({ dataset: sample, batchSize: 64 });
      expect(versions.runtime).toContain('onnxruntime');
      expect(model).toMatch(/^[0-9a-f]{64}$/);
    }
    const before = undisturbed.bytes();
    expect(await undisturbed.run(queue)).toBe('done');
    expect(undisturbed.started).toHaveLength(queue.length);
    expect(undisturbed.bytes()).toBe(before);
  });

  it('goes on in the middle of the run in which it was interrupted, and comes to the same bytes', async () => {
    const stopped = queueIn('stopped');
    const controller = new AbortController();
    const facts: { run: string; event: RoundEvent }[] = [];
    const note = (run: StudyRun, event: RoundEvent) => facts.push({ run: placeOf(run), event });
    const end = await stopped.run(queue, {
      signal: controller.signal,
      observer: {
        onEvent(run, event) {
          note(run, event);
          if (run.variation === 'momentum' && event.type === 'merged') controller.abort();
        },
      },
    });
    expect(end).toBe('interrupted');
    expect(stopped.started).toEqual(['small/plain 0', 'small/momentum 0']);
    expect(await readOutcomes(stopped.results, study)).toHaveLength(1);

    expect(await stopped.run(queue, { observer: { onEvent: note } })).toBe('done');
    expect(stopped.started.slice(2)).toEqual(queue.slice(1).map(placeOf));
    // The first round was not done again.
    const merges = facts.filter(({ run, event }) => run === 'small/momentum 0' && event.type === 'merged');
    expect(merges.map(({ event }) => event.round)).toEqual([1, 2]);

    expect(stopped.bytes()).toBe(undisturbed.bytes());
  });

  it('begins no run when its time is up, and ends the one that it has begun', async () => {
    const limited = queueIn('limited');
    const timeIsUp = () => limited.started.length === 1;
    expect(await limited.run(queue, { timeIsUp })).toBe('time is up');
    expect(await readOutcomes(limited.results, study)).toHaveLength(1);
  });

  it('does again what has another configuration now, in a folder of its own, and nothing else', async () => {
    const changed = queueIn('changed');
    const [plain, momentum] = study.variations as [
      (typeof study.variations)[0],
      (typeof study.variations)[0],
    ];
    const short = { ...study, seeds: [0] };
    await changed.run(queueOf([short]));
    const stronger = {
      ...short,
      variations: [{ ...plain, change: { rounds: 1, pooled: undefined } }, momentum],
    };
    expect(await readOutcomes(changed.results, stronger)).toHaveLength(1);
    expect(await changed.run(queueOf([stronger]))).toBe('done');
    expect(changed.started).toEqual(['small/plain 0', 'small/momentum 0', 'small/plain 0']);
    expect(readdirSync(join(folder, 'changed/runs/small'))).toHaveLength(3);
    const outcomes = await readOutcomes(changed.results, stronger);
    expect(outcomes.map(({ rounds }) => rounds.length)).toEqual([1, 2]);
  });

  it('takes a run that diverges for an answer', async () => {
    const wild = queueIn('wild');
    const optimizer = { name: 'sgd', learningRate: 1e6 } as const;
    const diverging = { ...study, seeds: [0], variations: [{ name: 'wild', change: { optimizer } }] };
    expect(await wild.run(queueOf([diverging]))).toBe('done');
    const [outcome] = await readOutcomes(wild.results, diverging);
    expect(outcome?.stopped).toEqual({ reason: 'diverged', round: 1 });
  });

  it('names the study where a configuration is wrong', async () => {
    const wrong = { ...study, variations: [{ name: 'odd', change: { strategy: 'krum' } }] };
    await expect(queueIn('wrong').run(queueOf([wrong]))).rejects.toThrow(/^small\/odd, seed 0: /);
  });
});
