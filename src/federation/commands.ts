/**
 * What the round asks for, carried out: local training, merging, evaluation of copies, pooled training. Each command becomes
 * the fact that it was done.
 */
import { accuracy, type Metrics } from '../evaluation/metrics.js';
import { merge, type Update } from '../merge/merge.js';
import type { Strategy } from '../merge/strategy.js';
import type { Share } from '../partition/partition.js';
import type { StateDict, StateLayout } from '../tensor/state-dict.js';
import { FederationError } from './error.js';
import { evaluateInParts } from './evaluate-parts.js';
import type { LocalProgress, LocalWork } from './local-training.js';
import type { Command, RoundEvent, RoundRecord, RoundRules } from './round.js';
import { roundDetails } from './round-details.js';
import type { RunStore } from './run-store.js';
import type { TaskRunner } from './tasks.js';

export interface FederationPlan {
  readonly rules: RoundRules;
  readonly layout: StateLayout;
  readonly shares: readonly Share[];
  /** The number of test images. */
  readonly testExamples: number;
  initialState(participant: string): StateDict;
  /** A participant's work in a round. */
  work(participant: string, round: number): LocalWork;
  /** The pooled training that belongs to a round: it sees as many images as all participants did. */
  pooledWork(round: number, images: number, slots: Float32Array | undefined): LocalWork;
  readonly strategy: Strategy;
  readonly mergeOn: 'weights' | 'updates';
  /** Evaluated beside it, on the same updates. */
  readonly compared: readonly Strategy[];
  /** How many rounds' merged models stay in the store. */
  readonly keep: number;
}

/** Where a command is carried out. */
export interface Workshop {
  readonly plan: FederationPlan;
  readonly tasks: TaskRunner;
  readonly store: RunStore;
  readonly onProgress: (progress: LocalProgress) => void;
  readonly rounds: readonly RoundRecord[];
}

export function carryOut(command: Command, workshop: Workshop): Promise<RoundEvent> {
  switch (command.type) {
    case 'train':
      return train(command, workshop);
    case 'merge':
      return mergeRound(command.round, workshop);
    case 'evaluate-copy':
      return evaluateCopy(command, workshop);
    case 'train-pooled':
      return trainPooled(command.round, workshop);
  }
}

type Named<Type extends Command['type']> = Extract<Command, { type: Type }>;

async function train(
  { round, participant }: Named<'train'>,
  { plan, tasks, store, onProgress, rounds }: Workshop,
): Promise<RoundEvent> {
  const began = performance.now();
  const share = shareOf(plan, participant);
  const base = await baseOf(round, participant, plan, store, rounds);
  const task = {
    type: 'train',
    work: plan.work(participant, round),
    base: base.data,
    train: share.train,
    validation: share.validation,
  } as const;
  const result = await tasks.train(task, onProgress);
  const sha256 = await store.put(
    { type: 'update', round, participant },
    { layout: plan.layout, data: result.state },
  );
  const { epochs, images, loss, validationAccuracy } = result;
  const update = {
    participant,
    sha256,
    examples: share.train.length,
    epochs,
    images,
    loss,
    ...(validationAccuracy === undefined ? {} : { validationAccuracy }),
    seconds: secondsSince(began),
  };
  return { type: 'update-received', round, update };
}

async function mergeRound(round: number, workshop: Workshop): Promise<RoundEvent> {
  const { plan, store, rounds } = workshop;
  const began = performance.now();
  const updates = await Promise.all(
    plan.rules.participants.map(async (participant): Promise<Update> => {
      const update = recordOf(rounds, round).updates.get(participant);
      if (update === undefined) throw new Error(`internal: the update of "${participant}" is not in`);
      const state = await store.get({ type: 'update', round, participant }, update.sha256);
      return { name: participant, examples: update.examples, state };
    }),
  );
  const bases = await Promise.all(updates.map(({ name }) => baseOf(round, name, plan, store, rounds)));
  // Participants that began with weights of their own have no common base in round 1.
  const base = plan.mergeOn === 'updates' ? bases[0] : undefined;
  const combine = (strategy: Strategy) =>
    merge(strategy, updates, base === undefined ? { on: 'weights' } : { on: 'updates', base });
  const merged = combine(plan.strategy);
  const models: [string, StateDict][] = [
    [plan.strategy.name, merged],
    ...plan.compared.map((strategy): [string, StateDict] => [strategy.name, combine(strategy)]),
  ];
  const [mergedMetrics, ownMetrics] = await Promise.all([
    testMetrics(models, workshop),
    testMetrics(
      updates.map(({ name, state }): [string, StateDict] => [name, state]),
      workshop,
    ),
  ]);
  const sha256 = await store.put({ type: 'merged', round }, merged);
  await store.keepDetails(
    roundDetails({
      round,
      sha256,
      updates: updates.map(({ name, state }, k) => ({
        name,
        base: bases[k]?.data ?? state.data,
        state: state.data,
      })),
      own: ownMetrics,
      merged: mergedMetrics,
    }),
  );
  return {
    type: 'merged',
    round,
    sha256,
    merged: accuracies(mergedMetrics),
    own: accuracies(ownMetrics),
    seconds: secondsSince(began),
  };
}

async function evaluateCopy(
  { round, participant }: Named<'evaluate-copy'>,
  { plan, tasks, store, rounds }: Workshop,
): Promise<RoundEvent> {
  const { data } = await mergedOf(round, store, rounds);
  const indices = shareOf(plan, participant).validation;
  const metrics = await tasks.evaluate({
    type: 'evaluate',
    state: data,
    examples: { source: 'train', indices },
  });
  return { type: 'copy-evaluated', round, participant, validationAccuracy: accuracy(metrics) };
}

async function trainPooled(round: number, workshop: Workshop): Promise<RoundEvent> {
  const { plan, tasks, store, onProgress, rounds } = workshop;
  const images = [...recordOf(rounds, round).updates.values()].reduce(
    (sum, update) => sum + update.images,
    0,
  );
  const size = plan.initialState('pooled').data.length;
  let carried = plan.initialState('pooled').data;
  let slots: Float32Array | undefined;
  const before = round > 1 ? recordOf(rounds, round - 1).pooled : undefined;
  if (before !== undefined) {
    const { data } = await store.get({ type: 'pooled', round: round - 1 }, before.sha256);
    [carried, slots] = [data.slice(0, size), data.slice(size)];
  }
  const everything = Uint32Array.from(plan.shares.flatMap((share) => [...share.train])).sort();
  const work = plan.pooledWork(round, images, slots);
  const result = await tasks.train(
    { type: 'train', work, base: carried, train: everything, validation: new Uint32Array(0) },
    onProgress,
  );
  const kept = new Float32Array(size + result.slots.length);
  kept.set(result.state);
  kept.set(result.slots, size);
  const layout = [{ name: 'state and slots', shape: [kept.length], offset: 0, size: kept.length }];
  const sha256 = await store.put({ type: 'pooled', round }, { layout, data: kept });
  const { pooled } = accuracies(
    await testMetrics([['pooled', { layout: plan.layout, data: result.state }]], workshop),
  );
  return { type: 'pooled-trained', round, sha256, images: result.images, testAccuracy: pooled as number };
}

/** On the test images; nothing where the coordinator has none. */
async function testMetrics(
  models: readonly (readonly [string, StateDict])[],
  { plan, tasks }: Workshop,
): Promise<Record<string, Metrics>> {
  if (plan.testExamples === 0) return {};
  const results = await Promise.all(
    models.map(async ([name, { data }]): Promise<[string, Metrics]> => {
      return [name, await evaluateInParts(tasks, data, 'test', plan.testExamples)];
    }),
  );
  return Object.fromEntries(results);
}

const accuracies = (metrics: Readonly<Record<string, Metrics>>): Record<string, number> =>
  Object.fromEntries(Object.entries(metrics).map(([name, one]) => [name, accuracy(one)]));

async function baseOf(
  round: number,
  participant: string,
  plan: FederationPlan,
  store: RunStore,
  rounds: readonly RoundRecord[],
): Promise<StateDict> {
  return round === 1 ? plan.initialState(participant) : mergedOf(round - 1, store, rounds);
}

async function mergedOf(round: number, store: RunStore, rounds: readonly RoundRecord[]): Promise<StateDict> {
  const { merged } = recordOf(rounds, round);
  if (merged === undefined) throw new Error(`internal: round ${round} has no merged model yet`);
  return store.get({ type: 'merged', round }, merged.sha256);
}

function recordOf(rounds: readonly RoundRecord[], round: number): RoundRecord {
  const record = rounds[round - 1];
  if (record === undefined) throw new Error(`internal: there is no round ${round} yet`);
  return record;
}

function shareOf(plan: FederationPlan, participant: string): Share {
  const share = plan.shares.find(({ name }) => name === participant);
  if (share === undefined) throw new FederationError(`federation: "${participant}" has no data`);
  return share;
}

const secondsSince = (began: number) => Math.round(performance.now() - began) / 1000;
