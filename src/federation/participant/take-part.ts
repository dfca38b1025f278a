/**
 * A participant of a federation across machines: it follows what the coordinator asks for and does
 * its part of it, until the run is over. A newer assignment that has no use for the work in hand
 * ends that work, between two steps. Where training diverges, or the model that it is to begin with
 * is no sound one, the coordinator is told, and something else is waited for: an operator may go
 * back to an earlier round. Nothing here knows Node: a page takes part by the same loop.
 */

import { TensorError } from '../../base/error.js';
import { InterruptedError } from '../../base/interrupted.js';
import { throttled } from '../../base/throttle.js';
import { classCounts } from '../../data/class-counts.js';
import { categoriesOf } from '../../data/dataset.js';
import { ModelFileError } from '../../engine/nn/model-file.js';
import type { Announcement, Progress } from '../../protocol/announcement.js';
import type { Assignment } from '../../protocol/assignment.js';
import { descriptionHash } from '../../protocol/description-hash.js';
import { DivergedError } from '../../training/error.js';
import type { TaskRunner } from '../../training/tasks.js';
import { TransportError } from '../../transport/error.js';
import type { ParticipantEnd } from '../../transport/transport.js';
import { FederationError } from '../error.js';
import type { CompiledFederation } from '../plan/compile-federation.js';
import { droppedSentence } from '../rounds/admission.js';
import { type AssignedWork, assignedWork, type WorkEvent } from './assigned-work.js';
import { type AssignmentState, dueStep, isStale } from './assignment-state.js';
import { keptWork, nothingKept } from './kept-update.js';
import { type KnownCoordinator, knownCoordinator } from './known-coordinator.js';
import type { OwnData } from './own-data.js';
import { ownDataRecord } from './own-data-record.js';
import type { ParticipantFolder } from './participant-files.js';
import { type HandEvent, rejection, type WorkInHand, workInHand } from './work-in-hand.js';

export interface TakePartOptions {
  /** Compiled from the end's description. */
  readonly federation: CompiledFederation;
  /** Its share has the name by which the end was opened. */
  readonly data: OwnData;
  /** By the federation's plan, on the data. */
  readonly tasks: TaskRunner;
  /** What carries them out, such as "onnxruntime-node 1.30.0, cpu". */
  readonly runtime: string;
  /** Where work outlives this process, and the final model is left. SCAFFOLD needs one. */
  readonly folder?: ParticipantFolder | undefined;
  /** Tells how many examples of each category there are, where the target is one. */
  readonly shareLabelCounts?: boolean | undefined;
  readonly observer?: TakePartObserver | undefined;
  /** Leaves the federation: work is given up between two steps, and the coordinator is told. */
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
   * Nobody has given the coordinator's key: the one that it shows is taken, and only that from now
   * on.
   */
  | { readonly type: 'key-taken'; readonly key: string }
  /** It took part in this run before, by another description: these are the hashes of both. */
  | { readonly type: 'description-changed'; readonly before: string; readonly now: string }
  | { readonly type: 'assigned'; readonly assignment: Assignment }
  /** It took part before, with other data. */
  | { readonly type: 'data-changed' }
  /**
   * It is older than one that was seen before this start: somebody repeats it, or the run was put
   * back from a backup.
   */
  | { readonly type: 'left-out'; readonly assignment: Assignment };

export type TakePartOutcome =
  | {
      readonly type: 'finished';
      readonly reason: Extract<Assignment, { type: 'finished' }>['reason'];
      readonly message: string | undefined;
      /** The file of the final model, where there is one. */
      readonly model: Uint8Array | undefined;
    }
  /** By the signal. */
  | { readonly type: 'left' };

/** The file of the final model in a participant's folder. */
export const FINAL_MODEL = 'model.safetensors';

const TELL_INTERVAL_MS = 500;
/** So long a coordinator has to take note that somebody leaves, or failed. */
const LEAVE_MS = 3000;

/**
 * Resolves when the run is over, or the signal has come.
 * @throws DivergedError when the final model is no sound one
 * @throws TransportError when the channel was closed, or what came is not what its hash says
 * @throws FederationError when the coordinator does not let it take part, its key is another than
 *   before, or SCAFFOLD has no folder
 */
export async function takePart(end: ParticipantEnd, options: TakePartOptions): Promise<TakePartOutcome> {
  const { federation, data, tasks, folder, observer, signal } = options;
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
  const answers = assignedWork({ end, federation, data, tasks, kept, observer: told });
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

/** Gives what a promise comes to, unless the work fails or the signal comes before. */
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
  if (model !== undefined) await folder?.write(FINAL_MODEL, model);
  // So that the coordinator knows who has been told, and need not stay. It may be gone already.
  await within(LEAVE_MS, () => end.announce({ type: 'left', reason: 'the run is over' }));
  return { type: 'finished', reason, message, model };
}

/** What a participant keeps from round to round needs a place. */
function requireFolder({ methods }: CompiledFederation, folder: ParticipantFolder | undefined): void {
  const keeper = methods.find(({ keeps }) => keeps !== undefined);
  if (keeper === undefined || folder !== undefined) return;
  throw new FederationError(
    `federation: the ${keeper.keeps} stays with each participant from round to round, but there is no folder to keep it in`,
    { hint: 'name one, and keep it until the run is over' },
  );
}

/** @throws FederationError when the coordinator does not let it take part */
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
 * What it was given, or what came of it, is at fault: nobody can go on with that. Of anything else
 * another start may be free.
 */
async function sayFailed(end: ParticipantEnd, error: unknown, { inHand }: AssignmentState): Promise<void> {
  const blame =
    error instanceof DivergedError || error instanceof TensorError || error instanceof ModelFileError;
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

/** Waits for it, but not for ever, and whatever comes of it. */
async function within(limitMs: number, act: () => Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([act().catch(() => undefined), limit]);
  clearTimeout(timer);
}
