/**
 * Merging a round whose updates lie as files: chunk by chunk, so that the coordinator's memory does not depend on how large
 * or how many they are, and in the order of the participants, whoever came first. The bytes are those of a run on one
 * machine. Every file is held against its hash while it is merged, however short a time it has been here. Node only.
 */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { turnTaker } from '../../base/turns.js';
import type { ModelDescription } from '../../engine/nn/model-file.js';
import { figuresOf } from '../../metrics/classification.js';
import type { Figures } from '../../metrics/metric.js';
import type { Metrics } from '../../metrics/metrics.js';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/safetensors.js';
import { layoutSize, type StateDict, type StateLayout } from '../../tensor/state-dict.js';
import { evaluateInParts } from '../../training/evaluate-parts.js';
import type { TaskRunner } from '../../training/tasks.js';
import type { BlobFolder } from '../../transport/transport.js';
import { afterMerge } from '../methods/after-merge.js';
import { mergeAttachments } from '../methods/attachments.js';
import { auxiliaryNames, methodsOf } from '../methods/methods.js';
import type { FederationPlan } from '../plan/plan-parts.js';
import { roundDetails } from '../record/round-details.js';
import { fileOf, type RunFolder } from '../record/run-folder.js';
import type { TwoCopies } from '../record/two-copies.js';
import { writeResult } from '../record/write-result.js';
import { baseOf, type Closing, type RoundRecord, type RunState } from '../rounds/round.js';
import type { RoundEvent, UpdateRecord } from '../rounds/round-events.js';
import type { RunStore } from '../rounds/run-store.js';
import { type MergeTo, mergeAligned, mergeInFiles, type Received } from './merge-to-file.js';
import { requireSound } from './sound-updates.js';

export interface ReceivedWorkshop {
  readonly plan: Omit<FederationPlan, 'shares' | 'attackers'>;
  readonly model: ModelDescription;
  readonly folder: RunFolder;
  /** Over the same folder; see `receivingStore`. */
  readonly store: RunStore;
  readonly blobs: BlobFolder;
  readonly copies: TwoCopies;
  /** Asked where there are test images only. */
  readonly tasks: () => TaskRunner;
  /** The SHA-256 of the model that round 1 begins with, where one was given. */
  readonly initial: string | undefined;
  /** What everybody begins with; nothing where that is everybody's own. */
  start(): StateDict | undefined;
}

/** Beyond this the updates are not held in memory together, and their drift is not measured. */
const TOGETHER_BYTES = 64 * 2 ** 20;

/** @throws DamagedUpdateError when a file is not what the journal says; it is gone then, and can be sent again. */
export async function mergeReceived(
  round: number,
  state: RunState,
  workshop: ReceivedWorkshop,
): Promise<RoundEvent> {
  const { updates, closed } = state.rounds[round - 1] as RoundRecord;
  const counted = (closed.train?.counted ?? []).map((name) => updates.get(name) as UpdateRecord);
  const sound = requireSound(counted, workshop.blobs);
  sound.catch(() => undefined);
  try {
    return await mergeUpdates(round, state, counted, sound, workshop);
  } catch (error) {
    // Where a file was damaged, that is the reason, whatever came of it.
    await sound;
    throw error;
  }
}

async function mergeUpdates(
  round: number,
  state: RunState,
  updates: readonly UpdateRecord[],
  sound: Promise<void>,
  workshop: ReceivedWorkshop,
): Promise<RoundEvent> {
  const { plan, model, folder, store, blobs } = workshop;
  const began = performance.now();
  const current = state.rounds[round - 1] as RoundRecord;
  const received = {
    updates,
    base: needsBase(current, workshop) ? await baseFile(round, state, workshop) : undefined,
  };
  const { align, mergeOn } = plan;
  const mergeTo =
    align === undefined
      ? mergeInFiles(received, mergeOn, model, blobs)
      : mergeAligned(
          received,
          { align, mergeOn, auxiliaries: auxiliaryNames([plan.strategy, ...plan.compared]) },
          model,
          load,
          blobs,
        );

  const output = join(folder.path, fileOf({ type: 'merged', round }));
  await mkdir(dirname(output), { recursive: true });
  await mergeTo(plan.strategy, output);
  await sound;
  const { averaged, kept } = await serverAndAverage(round, state, output, received, workshop);
  const { sha256 } = await blobs.copy(output);
  const metrics = current.evaluated
    ? await testMetrics(output, received, mergeTo, averaged, workshop)
    : { own: {}, merged: {} };
  if (current.evaluated && fitTogether(current, plan.layout)) {
    await keepDetails({ round, sha256 }, received, metrics, workshop);
  }
  const { members, counted } = current.closed.train as Closing;
  const examples = new Map([...members].map(([name, { examples }]) => [name, examples]));
  const common = await mergeAttachments(current, methodsOf(plan, round, current.evaluated), examples, {
    ...{ layout: plan.layout, store, rounds: state.rounds },
  });
  await rm(join(folder.path, START_FILE), { force: true });
  return {
    type: 'merged',
    round,
    sha256,
    ...kept,
    merged: figuresByName(metrics.merged),
    own: figuresByName(metrics.own),
    ...(common && { common }),
    ...(updates.length < current.participants.length && { counted: [...counted] }),
    seconds: Math.round(performance.now() - began) / 1000,
  };
}

/** A large model is not made and written for nothing. */
function needsBase(current: RoundRecord, { plan }: ReceivedWorkshop): boolean {
  const strategies = [plan.strategy, ...(current.evaluated ? plan.compared : [])];
  return (
    plan.server !== undefined ||
    strategies.some(({ on = plan.mergeOn }) => on === 'updates') ||
    fitTogether(current, plan.layout)
  );
}

/** What the updates of a round began with, as a file; nothing where everybody began with weights of its own. */
async function baseFile(
  round: number,
  state: RunState,
  { start, folder, blobs, copies, initial }: ReceivedWorkshop,
): Promise<string | undefined> {
  const sha256 = baseOf(state, round, initial);
  if (sha256 !== undefined) {
    await copies.mendBlob(sha256, state.rounds);
    return blobs.pathOf(sha256);
  }
  const common = start();
  return common && (await writeResult(folder.path, START_FILE, encodeSafetensors(common)));
}

/** Everybody makes the initial weights itself; for a merge they are a file while it lasts. */
const START_FILE = 'models/start.safetensors.part';

const fitTogether = ({ closed }: RoundRecord, layout: StateLayout) =>
  4 * layoutSize(layout) * ((closed.train?.counted.length ?? 0) + 1) <= TOGETHER_BYTES;

async function load(path: string): Promise<StateDict> {
  return decodeSafetensors(await readFile(path), path).state;
}

/** The server optimizer's step, whose result takes the place of the merged model, and the average over rounds. */
async function serverAndAverage(
  round: number,
  { rounds }: RunState,
  output: string,
  { base }: Received,
  { plan, store }: ReceivedWorkshop,
) {
  if (plan.server === undefined && plan.average === undefined) return { averaged: [], kept: {} };
  const start = base === undefined ? undefined : await load(base);
  const of = { round, merged: await load(output), base: start, before: rounds[round - 2] };
  const { model, averaged, kept } = await afterMerge(plan, of, store);
  if (plan.server !== undefined) await store.put({ type: 'merged', round }, model);
  return { averaged, kept };
}

interface TestMetrics {
  readonly own: Record<string, Metrics>;
  /** The copied model's first. */
  readonly merged: Record<string, Metrics>;
}

/** One model after the other, on the test images; nothing where there are none. */
async function testMetrics(
  output: string,
  { updates }: Received,
  mergeTo: MergeTo,
  averaged: readonly (readonly [string, StateDict])[],
  { plan, tasks, blobs }: ReceivedWorkshop,
): Promise<TestMetrics> {
  const metrics: TestMetrics = { own: {}, merged: {} };
  if (plan.testExamples === 0) return metrics;
  const evaluate = ({ data }: StateDict) => evaluateInParts(tasks(), data, 'test', plan.testExamples);
  metrics.merged[plan.strategy.name] = await evaluate(await load(output));
  for (const strategy of plan.compared) {
    const other = `${output}.compared.part`;
    await mergeTo(strategy, other);
    metrics.merged[strategy.name] = await evaluate(await load(other));
    await rm(other);
  }
  for (const [name, model] of averaged) metrics.merged[name] = await evaluate(model);
  for (const { participant, sha256 } of updates) {
    metrics.own[participant] = await evaluate(await load(blobs.pathOf(sha256)));
  }
  return metrics;
}

async function keepDetails(
  of: { readonly round: number; readonly sha256: string },
  { updates, base }: Received,
  { own, merged }: TestMetrics,
  { plan, store, blobs }: ReceivedWorkshop,
): Promise<void> {
  const common = base === undefined ? undefined : await load(base);
  const states = [];
  for (const { participant: name, sha256 } of updates) {
    const { data: state } = await load(blobs.pathOf(sha256));
    states.push({ name, state, base: (common ?? plan.initialState(name)).data });
  }
  await store.keepDetails(await roundDetails({ ...of, updates: states, own, merged }, turnTaker()));
}

const figuresByName = (metrics: Readonly<Record<string, Metrics>>): Record<string, Figures> =>
  Object.fromEntries(Object.entries(metrics).map(([name, one]) => [name, figuresOf(one)]));
