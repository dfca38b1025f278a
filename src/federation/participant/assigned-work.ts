/**
 * A participant's answer to an assignment: it downloads, works, keeps, uploads and announces. The
 * work can be given up until it is announced. Then the participant waits for the coordinator's
 * receipt.
 */

import { figuresOf } from '../../metrics/classification.js';
import type { Figures } from '../../metrics/metric.js';
import type { Metrics } from '../../metrics/metrics.js';
import { type SumsPermission, sharedSums } from '../../metrics/shared/shared-sums.js';
import type { Announcement, Progress, Receipt } from '../../protocol/announcement.js';
import type { Assignment } from '../../protocol/assignment.js';
import type { Blob } from '../../protocol/blob-name.js';
import { encodeSafetensors } from '../../tensor/safetensors.js';
import type { StateDict } from '../../tensor/state-dict.js';
import type { LocalProgress } from '../../training/local-training.js';
import type { TaskRunner } from '../../training/tasks.js';
import { encodeState } from '../../transforms/codec/coded-file.js';
import type { ParticipantEnd } from '../../transport/transport.js';
import { FederationError } from '../error.js';
import type { MethodMemories, MethodMemory } from '../methods/attachments.js';
import { withMadeConstants } from '../methods/frozen-weights.js';
import { methodsOf } from '../methods/methods.js';
import { OWN_TENSORS } from '../methods/own-tensors.js';
import type { CompiledFederation } from '../plan/compile-federation.js';
import { isPersonal, type ParticipantPlan } from '../plan/plan-parts.js';
import { rulesOf } from '../plan/rules.js';
import { transformsOf } from '../plan/transforms.js';
import { workPlan } from '../plan/work-plan.js';
import { isEvaluated } from '../rounds/round.js';
import { offeredConstants } from './download-held.js';
import { finalModelFile } from './final-model.js';
import type { AnsweredSurvey } from './kept/answered-survey.js';
import { blobOf, type FinishedUpdate, type KeptWork } from './kept/kept-update.js';
import { lastUpdate } from './last-update.js';
import { type OfferedStates, offeredStates } from './offered-states.js';
import type { OwnData } from './own-data.js';
import { ownMetrics, trainRound } from './participant-work.js';
import { personalModel } from './personal-model.js';
import { compareLayers, sendFeatureSums } from './refit-work.js';
import { answerSurvey } from './survey-work.js';

type Named<Type extends Assignment['type']> = Extract<Assignment, { type: Type }>;

export interface AssignedWork {
  /** @throws SurveyRefusedError when the participant answered another survey before */
  survey(assignment: Named<'survey'>, signal: AbortSignal, saying: () => void): Promise<void>;
  /**
   * @param saying called before the update is announced
   * @throws InterruptedError when the work was given up, between two steps
   */
  train(assignment: Named<'train'>, signal: AbortSignal, saying: () => void): Promise<void>;
  evaluate(assignment: Named<'evaluate'>, signal: AbortSignal, saying: () => void): Promise<void>;
  sumFeatures(assignment: Named<'sum-features'>, signal: AbortSignal, saying: () => void): Promise<void>;
  compareLayers(assignment: Named<'compare-layers'>, signal: AbortSignal, saying: () => void): Promise<void>;
  /**
   * The file of the final model, with this participant's own tensors; undefined if the coordinator
   * offers none.
   */
  finalModel(
    assignment: Named<'finished'>,
    round: number,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined>;
}

export interface WorkObserver {
  onProgress(progress: Progress): void;
  onEvent(event: WorkEvent): void;
}

export type WorkEvent =
  /** `kept`: the update was there already. */
  | { readonly type: 'trained'; readonly round: number; readonly kept: boolean }
  | { readonly type: 'evaluated'; readonly round: number; readonly validation: Figures }
  /**
   * The participant's own tensors (`share`) begin in a later round than the first, since none are
   * kept here: it joined late, was not drawn before, or its folder is gone.
   */
  | { readonly type: 'own-tensors-begin'; readonly round: number }
  | { readonly type: 'answered'; readonly announcement: Announcement; readonly receipt: Receipt };

/** The participant, its federation and its data, for every kind of work. */
export interface WorkContext {
  readonly end: ParticipantEnd;
  readonly federation: CompiledFederation;
  readonly data: OwnData;
  readonly tasks: TaskRunner;
  readonly kept: KeptWork;
  readonly answered: AnsweredSurvey;
  /** Set if its owner lets the sums behind its figures leave it. */
  readonly shareSums?: SumsPermission | undefined;
  readonly observer: WorkObserver;
}

export function assignedWork(context: WorkContext): AssignedWork {
  const { end, federation, data, kept, shareSums, observer } = context;
  const { share } = data;
  const tell = (round: number, activity: Progress['activity']) => observer.onProgress({ round, activity });
  const offered = offeredStates(end, federation.layout, federation.codec, (round) =>
    tell(round, 'downloading'),
  );
  const personal = personalModel(federation, share.name, kept, context);
  const tasksFor = heldTasks(context, offered);
  const trainAnew = trainer(context, offered, tasksFor);
  const announce = async (announcement: Announcement): Promise<Receipt> => {
    const receipt = await end.announce(announcement);
    observer.onEvent({ type: 'answered', announcement, receipt });
    return receipt;
  };
  const upload: ParticipantEnd['upload'] = (bytes, blob) => end.upload(bytes, blob);
  const saysBy = { announce, upload, onActivity: tell };
  const refitting = async (assignment: Named<'sum-features' | 'compare-layers'>, signal: AbortSignal) => ({
    ...{ ...saysBy, refit: federation.refit, data, offered },
    tasks: await tasksFor(assignment, assignment.round, signal),
  });
  const last = lastUpdate({ kept, ...saysBy });

  return {
    async survey(assignment, signal, saying) {
      const { survey } = federation;
      const { participants } = end.description;
      const { tasks, answered } = context;
      const by = { ...saysBy, survey, participants, data, tasks, answered };
      await answerSurvey(assignment, by, signal, saying);
    },
    async train(assignment, signal, saying) {
      const { round, base } = assignment;
      requireRound(round, federation);
      const found = await last.find();
      const isOf = ({ announcement }: FinishedUpdate) =>
        announcement.round === round && announcement.base === base?.sha256;
      if (found !== undefined && isOf(found)) {
        observer.onEvent({ type: 'trained', round, kept: true });
        return last.bring(found, assignment, signal, saying);
      }
      if (found !== undefined) {
        await last.settle(found, assignment, signal);
        await last.forget();
      }
      const update = await trainAnew(assignment, signal);
      await last.keep(update);
      observer.onEvent({ type: 'trained', round, kept: false });
      return last.bring(update, assignment, signal, saying);
    },
    async evaluate(assignment, signal, saying) {
      const { round, model: blob, rollbacks } = assignment;
      requireRound(round, federation);
      const { data: state } = await offered.model(blob, round, signal);
      if (isPersonal(federation)) await last.settleLast(assignment, signal);
      tell(round, 'evaluating');
      const tasks = await tasksFor(assignment, round, signal);
      const own = await personal.tasksAfter(tasks, round, rollbacks);
      const measured = measuredBy(await ownMetrics({ share, tasks: own }, state, signal), shareSums);
      observer.onEvent({ type: 'evaluated', round, validation: measured.validation });
      saying();
      await announce({ type: 'evaluated', round, model: blob.sha256, ...measured });
    },
    async sumFeatures(assignment, signal, saying) {
      requireRound(assignment.round, federation);
      await sendFeatureSums(assignment, await refitting(assignment, signal), signal, saying);
    },
    async compareLayers(assignment, signal, saying) {
      requireRound(assignment.round, federation);
      await compareLayers(assignment, await refitting(assignment, signal), signal, saying);
    },
    async finalModel(assignment, round, signal) {
      if (isPersonal(federation) && assignment.model !== undefined) await last.settleLast(assignment, signal);
      return finalModelFile(assignment, round, { federation, offered, personal }, signal);
    },
  };
}

/** What a participant says of an evaluation: its figures, and the sums if they may leave it. */
function measuredBy(metrics: Metrics, shareSums: SumsPermission | undefined) {
  const sums = shareSums && sharedSums(metrics, shareSums);
  return { validation: figuresOf(metrics), examples: metrics.examples, ...(sums && { sums }) };
}

/** A round beyond the run's last would make us compute the state of endless rounds before it. */
function requireRound(round: number, { configuration: { rounds } }: CompiledFederation): void {
  if (round <= rounds) return;
  throw new FederationError(
    `federation: the coordinator asks for round ${round}, expected at most ${rounds}`,
  );
}

type TasksFor = ReturnType<typeof heldTasks>;

/** Carries out the tasks of an assignment with the constants that it names, if there are some. */
function heldTasks({ federation, tasks }: WorkContext, offered: OfferedStates) {
  const constantsIn = offeredConstants(federation, offered);
  return async (...of: Parameters<typeof constantsIn>): Promise<TaskRunner> =>
    withMadeConstants(tasks, federation.frozen, await constantsIn(...of));
}

/**
 * Trains for an assignment, from the model that the coordinator offers and the states that are kept
 * here.
 */
function trainer(
  { end, federation, data, kept, observer }: WorkContext,
  offered: OfferedStates,
  tasksFor: TasksFor,
) {
  const { configuration, layout, own, statistics, strategy, compared, methods, codec } = federation;
  const { share } = data;
  const rules = rulesOf(configuration, end.description.participants);
  const plan: ParticipantPlan = {
    ...{ layout, own, statistics, strategy, compared, methods, codec },
    transforms: transformsOf(configuration, codec.update),
    ...workPlan(configuration, [share], rules),
  };

  async function memoriesFor(
    { round, common = {}, rollbacks = [] }: Named<'train'>,
    signal: AbortSignal,
  ): Promise<MethodMemories> {
    const memories = new Map<string, MethodMemory>();
    for (const method of methodsOf(plan, round, isEvaluated(rules, round))) {
      const { name, title } = method;
      const blob = common[name];
      const tensors = method.layout?.(layout) ?? layout;
      const ownState = await kept.ownBefore(name, round, rollbacks);
      if (name === OWN_TENSORS && ownState === undefined && round > 1)
        observer.onEvent({ type: 'own-tensors-begin', round });
      memories.set(name, {
        common: blob && (await offered.common(blob, title, tensors, round, signal)),
        own: ownState,
      });
    }
    return memories;
  }

  return async (assignment: Named<'train'>, signal: AbortSignal): Promise<FinishedUpdate> => {
    const began = performance.now();
    const { round, base } = assignment;
    const start =
      base === undefined ? federation.initialState(share.name) : await offered.model(base, round, signal);
    const trained = await trainRound(
      { plan, share, tasks: await tasksFor(assignment, round, signal) },
      {
        ...{ round, evaluated: isEvaluated(rules, round), base: start.data },
        memories: await memoriesFor(assignment, signal),
      },
      (progress) => observer.onProgress(progressOf(progress)),
      signal,
    );
    const files = {
      state: encodeState({ layout, data: trained.state }, start, codec.update),
      attachments: encoded(trained.attachments),
      own: encoded(trained.own),
    };
    const attachments: Record<string, Blob> = {};
    for (const [name, bytes] of Object.entries(files.attachments)) attachments[name] = await blobOf(bytes);
    const update = {
      state: await blobOf(files.state),
      ...trained.report,
      ...(Object.keys(attachments).length > 0 && { attachments }),
      seconds: Math.round(performance.now() - began) / 1000,
    };
    return { announcement: { type: 'update', round, ...(base && { base: base.sha256 }), update }, ...files };
  };
}

const encoded = (states: Readonly<Record<string, StateDict>>) =>
  Object.fromEntries(Object.entries(states).map(([name, one]) => [name, encodeSafetensors(one)]));

function progressOf(progress: LocalProgress): Progress {
  const { round, epoch, epochs, step, steps, examplesPerSecond, unitsPerSecond, loss, validation } = progress;
  return {
    ...{ round, activity: 'training', epoch, step, steps, loss },
    ...(epochs !== undefined && { epochs }),
    ...(Number.isFinite(examplesPerSecond) && { examplesPerSecond }),
    ...(Number.isFinite(unitsPerSecond) && unitsPerSecond !== examplesPerSecond && { unitsPerSecond }),
    ...(validation && { validation }),
  };
}
