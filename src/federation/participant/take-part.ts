/**
 * A participant of a federation across machines: it does what the assignments ask for, until the
 * run is over. When a newer assignment has no use for the current work, the work ends between two
 * steps. When training diverges, or the model to begin with has numbers that are not finite, the
 * participant tells the coordinator and waits for another assignment: an operator may go back to an
 * earlier round. Nothing here knows Node: a page takes part by the same loop.
 */

import { TensorError } from '../../base/error.js';
import { InterruptedError } from '../../base/interrupted.js';
import { throttled } from '../../base/throttle.js';
import { classCounts } from '../../data/class-counts.js';
import { categoriesOf } from '../../data/dataset.js';
import { ModelFileError } from '../../engine/nn/model-file.js';
import type { SumsPermission } from '../../metrics/shared/shared-sums.js';
import type { Announcement, Progress } from '../../protocol/announcement.js';
import type { Assignment } from '../../protocol/assignment.js';
import { descriptionHash } from '../../protocol/description-hash.js';
import { DivergedError } from '../../training/error.js';
import type { TaskRunner } from '../../training/tasks.js';
import { TransportError } from '../../transport/error.js';
import type { ParticipantEnd } from '../../transport/transport.js';
import { FederationError } from '../error.js';
import type { CompiledFederation } from '../plan/compile-federation.js';
import { droppedSentence } from '../rounds/admit-announcement.js';
import { type AssignedWork, assignedWork, type WorkEvent } from './assigned-work.js';
import { type AssignmentState, dueStep, isStale } from './assignment-state.js';
import { answeredSurvey, SurveyRefusedError } from './kept/answered-survey.js';
import { encodeRecord } from './kept/json-record.js';
import { keptWork, nothingKept } from './kept/kept-update.js';
import { DESCRIPTION, FINAL_MODEL, type ParticipantFolder } from './kept/participant-files.js';
import { type KnownCoordinator, knownCoordinator } from './known-coordinator.js';
import type { OwnData } from './own-data.js';
import { ownDataRecord } from './own-data-record.js';
import { type HandEvent, rejection, type WorkInHand, workInHand } from './work-in-hand.js';

export interface TakePartOptions {
  /** Compiled from the end's description. */
  readonly federation: CompiledFederation;
  /** Its share has the name with which the end was opened. */
  readonly data: OwnData;
  /** Carries out tasks by the federation's plan, on the data. */
  readonly tasks: TaskRunner;
  /** The runtime of the tasks, such as "onnxruntime-node 1.30.0, cpu". */
  readonly runtime: string;
  /** Where work survives a restart, and where the final model is written. SCAFFOLD needs one. */
  readonly folder?: ParticipantFolder | undefined;
  /**
   * Whether to tell the coordinator how many examples each category has, if the target is a
   * category.
   */
  readonly shareLabelCounts?: boolean | undefined;
  /**
   * Whether the sums that its figures are computed from leave it: the coordinator then adds them to
   * those of others. Counts below `smallestCount` are hidden.
   */
  readonly shareSums?: SumsPermission | undefined;
  readonly observer?: TakePartObserver | undefined;
  /** Leaves the federation: gives the work up between two steps, and tells the coordinator. */
  readonly signal?: AbortSignal | undefined;
}

export interface TakePartObserver {
  onProgress?(progress: Progress): void;
  onEvent?(event: TakePartEvent): void;
}

export type TakePartEvent =
  | WorkEvent
  | HandEvent
  /**
   * Nobody has given the coordinator's key: the first that it shows is taken, and no other from now
   * on.
   */
  | { readonly type: 'key-taken'; readonly key: string }
  /** The participant agreed to another description of this run before: the hashes of both. */
  | { readonly type: 'description-changed'; readonly before: string; readonly now: string }
  | { readonly type: 'assigned'; readonly assignment: Assignment }
  /** The participant took part before, with other data. */
  | { readonly type: 'data-changed' }
  /**
   * The assignment is older than one that was seen before: somebody replays it, or the run was
   * restored from a backup.
   */
  | { readonly type: 'left-out'; readonly assignment: Assignment };

export type TakePartOutcome =
  | {
      readonly type: 'finished';
      readonly reason: Extract<Assignment, { type: 'finished' }>['reason'];
      readonly message: string | undefined;
      /** The file of the final model, if there is one. */
      readonly model: Uint8Array | undefined;
    }
  /** The signal was aborted. */
  | { readonly type: 'left' };

const TELL_INTERVAL_MS = 500;
/** How long to wait for the coordinator's receipt when leaving or failing. */
const LEAVE_MS = 3000;

/**
 * Resolves when the run is over, or the signal is aborted.
 * @throws DivergedError when the final model has numbers that are not finite
 * @throws TransportError when the channel was closed, or bytes do not have their hash
 * @throws FederationError when the coordinator refuses the participant, shows another key than
 *   before, or a method needs a folder and there is none
 */
export async function takePart(end: ParticipantEnd, options: TakePartOptions): Promise<TakePartOutcome> {
  const { federation, data, tasks, folder, shareSums, observer, signal } = options;
  requireFolder(federation, folder);
  const known = await knownCoordinator(folder, end);
  if (known.takenKey !== undefined) observer?.onEvent?.({ type: 'key-taken', key: known.takenKey });
  if (known.agreedBefore !== undefined) {
    const now = descriptionHash(end.description);
    observer?.onEvent?.({ type: 'description-changed', before: known.agreedBefore, now });
  }
  const { job, plan } = end.description;
  const identity = { job, participant: data.share.name, plan };
  const { methods, configuration } = federation;
  const toCoordinator = throttled<Progress>((progress) => end.tell(progress), TELL_INTERVAL_MS);
  const told = {
    onProgress(progress: Progress) {
      toCoordinator.tell(progress);
      observer?.onProgress?.(progress);
    },
    onEvent: (event: TakePartEvent) => observer?.onEvent?.(event),
  };
  const kept =
    folder === undefined ? nothingKept : keptWork(folder, identity, { methods, keep: configuration.keep });
  const answered = answeredSurvey(folder, identity);
  const answers = assignedWork({ end, federation, data, tasks, kept, answered, shareSums, observer: told });
  const hand = workInHand({ end, answers, observer: told });
  const left = rejection();
  const leave = () => left.reject(new InterruptedError('left'));
  signal?.addEventListener('abort', leave);
  if (signal?.aborted) leave();
  const unlessOver: Guard = (promise) => Promise.race([promise, hand.failed, left.promise]);
  try {
    const record = folder && (await unlessOver(ownDataRecord(folder, identity, data)));
    if (record?.changed) told.onEvent({ type: 'data-changed' });
    const join = async (dataChanged?: boolean) => {
      await joinRun(end, options, dataChanged, unlessOver);
      hand.note({ type: 'joined' });
    };
    await join(record?.changed);
    await record?.keep();
    return await follow({ end, options, known, answers, hand, join, unlessOver, onEvent: told.onEvent });
  } catch (error) {
    if (error instanceof InterruptedError && signal?.aborted) {
      await within(LEAVE_MS, async () => {
        await hand.giveUp();
        await end.announce({ type: 'left' });
      });
      return { type: 'left' };
    }
    await sayFailed(end, error, hand.state());
    throw error;
  } finally {
    signal?.removeEventListener('abort', leave);
    hand.stop();
    toCoordinator.close();
  }
}

/** Waits for a promise; rejects earlier when the work fails or the signal is aborted. */
type Guard = <Value>(promise: Promise<Value>) => Promise<Value>;

interface Following {
  readonly end: ParticipantEnd;
  readonly options: TakePartOptions;
  readonly known: KnownCoordinator;
  readonly answers: AssignedWork;
  readonly hand: WorkInHand;
  join(): Promise<void>;
  readonly unlessOver: Guard;
  onEvent(event: TakePartEvent): void;
}

/** Does what each assignment asks for, until the run is over. */
async function follow(following: Following): Promise<TakePartOutcome> {
  const { end, options, known, hand, join, unlessOver, onEvent } = following;
  const { name } = options.data.share;
  const assignments = end.assignments()[Symbol.asyncIterator]();
  for (;;) {
    const next = await unlessOver(assignments.next());
    if (next.done) {
      throw new TransportError('transport: the channel was closed before the run was over', {
        transient: true,
      });
    }
    const assignment = next.value;
    if (isStale(hand.state(), assignment)) continue;
    if (!(await known.see(assignment))) {
      onEvent({ type: 'left-out', assignment });
      continue;
    }
    hand.note({ type: 'heard', assignment });
    const step = dueStep(hand.state(), name);
    if (step.type === 'dropped') throw new FederationError(`federation: ${droppedSentence(name)}`);
    onEvent({ type: 'assigned', assignment });
    if (step.type === 'go-on') continue;
    await unlessOver(hand.giveUp());
    if (step.type === 'finish') return finish(step.assignment, following);
    if (step.type === 'rest') continue;
    if (hand.state().excused) await join();
    hand.begin(step.assignment);
  }
}

async function finish(
  assignment: Extract<Assignment, { type: 'finished' }>,
  { end, options: { folder, signal }, answers, hand }: Following,
): Promise<TakePartOutcome> {
  const { reason, message } = assignment;
  const round = hand.state().inHand?.round ?? 1;
  const model = await answers.finalModel(assignment, round, signal ?? new AbortController().signal);
  if (model !== undefined) {
    await folder?.write(DESCRIPTION, encodeRecord(end.description));
    await folder?.write(FINAL_MODEL, model);
  }
  // Tells the coordinator that this participant knows of the end, so that it need not stay. It may
  // be gone already.
  await within(LEAVE_MS, () => end.announce({ type: 'left', reason: 'the run is over' }));
  return { type: 'finished', reason, message, model };
}

/** Methods that keep a state from round to round need a folder. */
function requireFolder({ methods }: CompiledFederation, folder: ParticipantFolder | undefined): void {
  const keeper = methods.find(({ keeps }) => keeps !== undefined);
  if (keeper === undefined || folder !== undefined) return;
  throw new FederationError(
    `federation: the ${keeper.keeps} stays with each participant from round to round, but there is no folder to keep it in`,
    { hint: 'name one, and keep it until the run is over' },
  );
}

/** @throws FederationError when the coordinator refuses the participant */
async function joinRun(
  end: ParticipantEnd,
  { data, runtime, shareLabelCounts }: TakePartOptions,
  dataChanged: boolean | undefined,
  unlessOver: Guard,
): Promise<void> {
  const announcement = joining(data, runtime, shareLabelCounts);
  const receipt = await unlessOver(end.announce({ ...announcement, ...(dataChanged && { dataChanged }) }));
  if (receipt.accepted || receipt.reason === 'over') return;
  throw new FederationError(
    `federation: the coordinator does not let "${data.share.name}" take part: ${receipt.message}`,
  );
}

/**
 * Tells the coordinator of an error in what it gave to this participant or asked of it, or in the
 * result. Any other error may be gone at the next start.
 */
async function sayFailed(end: ParticipantEnd, error: unknown, { inHand }: AssignmentState): Promise<void> {
  const blame =
    error instanceof DivergedError ||
    error instanceof TensorError ||
    error instanceof ModelFileError ||
    error instanceof SurveyRefusedError;
  if (!blame) return;
  const message = error.message.slice(0, 1000);
  await within(LEAVE_MS, () => end.announce({ type: 'failed', round: inHand?.round ?? 1, message }));
}

function joining(
  { dataset, share: { train, validation } }: OwnData,
  runtime: string,
  shareLabelCounts = false,
): Extract<Announcement, { type: 'joined' }> {
  const [categories, labels] = [categoriesOf(dataset).length, dataset.targets[0]?.values ?? []];
  const own = Uint32Array.from([...train, ...validation]);
  return {
    type: 'joined',
    examples: train.length,
    validationExamples: validation.length,
    runtime,
    ...(shareLabelCounts && categories > 0 && { labelCounts: [...classCounts(labels, categories, own)] }),
  };
}

/** Waits for an action for a limited time, and ignores its failure. */
async function within(limitMs: number, act: () => Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([act().catch(() => undefined), limit]);
  clearTimeout(timer);
}
