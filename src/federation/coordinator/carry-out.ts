/**
 * Carries out the commands of a round: local training, merging, evaluation of copies, pooled
 * training. Each command becomes the fact that it was done.
 */

import type { Share } from '../../data/partition/partition.js';
import { type Mix, scaleMixes } from '../../merge/refit/solution.js';
import { figuresOf } from '../../metrics/classification.js';
import { sharedSums } from '../../metrics/shared/shared-sums.js';
import { evaluateInParts } from '../../training/evaluate-parts.js';
import type { LocalProgress } from '../../training/local-training.js';
import type { TaskRunner } from '../../training/tasks.js';
import { transformed } from '../../transforms/transform.js';
import { FederationError } from '../error.js';
import { keepComputed, memoriesBefore, ownTensorsAfter, statisticsAfter } from '../methods/attachments.js';
import { makeConstants, ownSurvey, surveyIn } from '../methods/federated-survey.js';
import { methodsOf } from '../methods/methods.js';
import { besideOwnTensors, withOwnTensors } from '../methods/own-tensors.js';
import {
  ownFeatures,
  ownLosses,
  refit,
  refitOf,
  refittedModel,
  solutionOf,
  solveRefit,
} from '../methods/refit.js';
import { ownMetrics, trainRound } from '../participant/participant-work.js';
import { attackBy } from '../plan/attackers.js';
import type { FederationPlan } from '../plan/plan-parts.js';
import { alphasOf } from '../rounds/refit-phases.js';
import {
  type Closing,
  type Command,
  honestOf,
  type PhaseCommand,
  type RoundRecord,
} from '../rounds/round.js';
import type { RoundEvent } from '../rounds/round-events.js';
import type { RunStore } from '../rounds/run-store.js';
import { baseState, copiedState, recordOf } from './closing/base-state.js';
import { closeRound } from './closing/close-round.js';
import type { RoundUpdates } from './closing/round-updates.js';
import { type StoredRounds, updateOf } from './closing/updates-in-memory.js';

/** The plan, tasks and store with which commands are carried out. */
export interface Workshop {
  readonly plan: FederationPlan;
  readonly tasks: TaskRunner;
  readonly store: RunStore;
  readonly onProgress: (progress: LocalProgress) => void;
  readonly rounds: readonly RoundRecord[];
  readonly openUpdates: OpenUpdates;
}

/** Opens the updates of a round that is about to be closed. */
export type OpenUpdates = (round: number, of: StoredRounds) => Promise<RoundUpdates>;

export function carryOut(command: Command, workshop: Workshop): Promise<RoundEvent> {
  switch (command.type) {
    case 'phase':
      return work(command, workshop);
    case 'train-pooled':
      return trainPooled(command.round, workshop);
    case 'record':
      return Promise.resolve(command.event);
  }
}

/** A participant's part of a phase. */
interface ParticipantCommand {
  readonly round: number;
  readonly participant: string;
}

const participantsWork: Readonly<
  Record<string, (part: ParticipantCommand, workshop: Workshop) => Promise<RoundEvent>>
> = {
  train,
  evaluate: evaluateCopy,
  survey: answerSurvey,
  features: sumFeatures,
  scales: (part, workshop) => compareLayers('scales', scaleMixes, part, workshop),
  alphas: (part, workshop) =>
    compareLayers('alphas', alphasOf(recordOf(workshop.rounds, part.round)), part, workshop),
};
const coordinatorsWork: Readonly<Record<string, (round: number, workshop: Workshop) => Promise<RoundEvent>>> =
  { constants: makeConstants, merge: mergeRound, solve: solveRefit, refit };

async function work({ phase, round, participant }: PhaseCommand, workshop: Workshop): Promise<RoundEvent> {
  const event =
    participant === undefined
      ? coordinatorsWork[phase]?.(round, workshop)
      : participantsWork[phase]?.({ round, participant }, workshop);
  if (event === undefined) throw new Error(`internal: nobody does the work of the phase "${phase}"`);
  return event;
}

async function train(command: ParticipantCommand, workshop: Workshop): Promise<RoundEvent> {
  const { round, participant } = command;
  const { plan, tasks, store, onProgress, rounds } = workshop;
  const began = performance.now();
  const attack = attackBy(participant, plan.attackers);
  if (attack?.from === 'honest-updates') return craftFromHonest(attack.craft, command, workshop);
  const base = await baseState(round, participant, workshop);
  const kept = { layout: plan.layout, store, rounds };
  const { evaluated } = recordOf(rounds, round);
  const trained = await trainRound(
    { plan, share: shareOf(plan, participant), tasks },
    {
      ...{ round, evaluated, base: base.data },
      memories: await memoriesBefore(command, methodsOf(plan, round, evaluated), kept),
      ...(attack?.from === 'data' && { poisoned: true }),
    },
    onProgress,
  );
  const { state: data, report } = trained;
  const state = { layout: plan.layout, data };
  const sha256 = await store.put({ type: 'update', round, participant }, state, base);
  const update = {
    participant,
    sha256,
    ...report,
    ...(await keepComputed(command, trained, store)),
    seconds: secondsSince(began),
  };
  return { type: 'update-received', round, update };
}

/** An attacker that does not train reports the work of the first honest participant as its own. */
async function craftFromHonest(
  craft: (honest: readonly Float32Array[]) => Float32Array,
  { round, participant }: ParticipantCommand,
  workshop: Workshop,
): Promise<RoundEvent> {
  const { plan, store, rounds } = workshop;
  const began = performance.now();
  const honest = honestOf(recordOf(rounds, round).participants, plan.rules);
  const updates = await Promise.all(honest.map((name) => updateOf(name, round, workshop)));
  const base = await baseState(round, participant, workshop);
  const { layout } = plan;
  const crafted = craft(updates.map(({ state }) => state.data));
  const data = transformed(plan.transforms(participant), crafted, base.data, { layout, participant, round });
  const sha256 = await store.put({ type: 'update', round, participant }, { layout, data }, base);
  const [claimed] = honest.map((name) => recordOf(rounds, round).updates.get(name));
  if (claimed === undefined) throw new Error('internal: an attack without an honest participant');
  for (const [name, attachment] of Object.entries(updates[0]?.auxiliaries ?? {})) {
    await store.put({ type: 'attachment', name, round, participant }, attachment);
  }
  const examples = shareOf(plan, participant).train.length;
  // The honest participant's own states stay with it.
  const { own: _, ...said } = claimed;
  const update = { ...said, participant, sha256, examples, seconds: secondsSince(began) };
  return { type: 'update-received', round, update };
}

async function mergeRound(round: number, workshop: Workshop): Promise<RoundEvent> {
  const { plan, rounds, tasks } = workshop;
  const { members } = recordOf(rounds, round).closed.train as Closing;
  // If participants come and go, those that have not joined yet have no part in what methods merge.
  const joined = plan.shares.filter(({ name }) => members.size === 0 || members.has(name));
  return closeRound(round, {
    ...workshop,
    updates: await workshop.openUpdates(round, workshop),
    examples: new Map(joined.map(({ name, train }) => [name, train.length])),
    tasks: () => tasks,
    tasksOf: (participant) => tasksFor({ round, participant }, workshop),
  });
}

/**
 * The runner of a participant's tasks. If it has own tensors or statistics, the tasks use those
 * after the round.
 */
async function tasksFor(part: ParticipantCommand, workshop: Workshop): Promise<TaskRunner> {
  const { plan, tasks, store, rounds } = workshop;
  const { own, statistics } = plan;
  const prepared =
    statistics?.with(
      tasks,
      (await statisticsAfter(part, { store, rounds })) ??
        (await statistics.of(shareOf(plan, part.participant).train, tasks)),
    ) ?? tasks;
  if (own === undefined) return prepared;
  return besideOwnTensors(prepared, own.layout, await ownTensorsAfter(part, own, { store, rounds }));
}

async function evaluateCopy(part: ParticipantCommand, workshop: Workshop): Promise<RoundEvent> {
  const { round, participant } = part;
  const tasks = await tasksFor(part, workshop);
  const { data } = await copiedState(round, workshop);
  const { plan } = workshop;
  const metrics = await ownMetrics({ share: shareOf(plan, participant), tasks }, data);
  const sums = plan.shareSums && sharedSums(metrics, plan.shareSums);
  const validation = figuresOf(metrics);
  return { type: 'copy-evaluated', round, participant, validation, ...(sums && { sums }) };
}

async function answerSurvey(
  { round, participant }: ParticipantCommand,
  workshop: Workshop,
): Promise<RoundEvent> {
  const { plan, tasks, store } = workshop;
  const own = { share: shareOf(plan, participant), tasks };
  const answer = await ownSurvey(own, surveyIn(workshop));
  const sha256 = await store.put({ type: 'survey', round, participant }, answer);
  return { type: 'contributed', round, phase: 'survey', participant, sha256 };
}

async function sumFeatures(
  { round, participant }: ParticipantCommand,
  workshop: Workshop,
): Promise<RoundEvent> {
  const { plan, tasks, store } = workshop;
  const own = { share: shareOf(plan, participant), tasks };
  const sums = await ownFeatures(own, await refittedModel(round, workshop), refitOf(workshop));
  const sha256 = await store.put({ type: 'features', round, participant }, sums);
  return { type: 'contributed', round, phase: 'features', participant, sha256 };
}

async function compareLayers(
  phase: string,
  mixes: readonly Mix[],
  { round, participant }: ParticipantCommand,
  workshop: Workshop,
): Promise<RoundEvent> {
  const own = { share: shareOf(workshop.plan, participant), tasks: workshop.tasks };
  const [base, solution] = [await refittedModel(round, workshop), await solutionOf(round, workshop)];
  const sums = await ownLosses(own, base, refitOf(workshop), solution, mixes);
  return { type: 'contributed', round, phase, participant, sums };
}

async function trainPooled(round: number, workshop: Workshop): Promise<RoundEvent> {
  const { plan, store, onProgress, rounds } = workshop;
  const [seen = 0, ...seenBefore] = [...rounds.slice(0, round)]
    .reverse()
    .map(({ updates }) => sum([...updates.values()].map((update) => update.examplesSeen)));
  let carried = wholeInitial('pooled', plan);
  const size = carried.length;
  let slots: Float32Array | undefined;
  const before = round > 1 ? recordOf(rounds, round - 1).pooled : undefined;
  if (before !== undefined) {
    const { data } = await store.get({ type: 'pooled', round: round - 1 }, before.sha256);
    [carried, slots] = [data.slice(0, size), data.slice(size)];
  }
  const everything = Uint32Array.from(plan.shares.flatMap((share) => [...share.train])).sort();
  const work = plan.pooledWork(round, seen, slots, seenBefore);
  // Pooled rows are those of one site.
  const { statistics } = plan;
  const tasks =
    statistics?.with(workshop.tasks, await statistics.of(everything, workshop.tasks)) ?? workshop.tasks;
  const result = await tasks.train(
    { type: 'train', work, base: carried, train: everything, validation: new Uint32Array(0) },
    onProgress,
  );
  const kept = new Float32Array(size + result.slots.length);
  kept.set(result.state);
  kept.set(result.slots, size);
  const layout = [{ name: 'state and slots', shape: [kept.length], offset: 0, size: kept.length }];
  const sha256 = await store.put({ type: 'pooled', round }, { layout, data: kept });
  const isTested = recordOf(rounds, round).evaluated && plan.testExamples > 0;
  const tested = isTested && {
    test: figuresOf(await evaluateInParts(tasks, result.state, 'test', plan.testExamples)),
  };
  return { type: 'pooled-trained', round, sha256, examplesSeen: result.examplesSeen, ...tested };
}

/** The whole state that a training begins with. */
function wholeInitial(name: string, { initialState, own }: FederationPlan): Float32Array {
  const { data } = initialState(name);
  return own === undefined ? data : withOwnTensors(own.layout, data, own.initial(name)).data;
}

function shareOf(plan: FederationPlan, participant: string): Share {
  const share = plan.shares.find(({ name }) => name === participant);
  if (share === undefined) throw new FederationError(`federation: "${participant}" has no data`);
  return share;
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

const secondsSince = (began: number) => Math.round(performance.now() - began) / 1000;
