/**
 * A participant of a federation across machines: it follows what the coordinator asks for and does its part of it, until the
 * run is over. A newer assignment that has no use for the work in hand ends that work, between two steps. Where training
 * diverges, or the model that it is to begin with is no sound one, the coordinator is told, and something else is waited for:
 * an operator may go back to an earlier round. Nothing here knows Node: a page takes part by the same loop.
 */

import { TensorError } from '../../base/error.js';
import { InterruptedError } from '../../base/interrupted.js';
import { throttled } from '../../base/throttle.js';
import { classCounts } from '../../data/class-counts.js';
import { ModelFileError } from '../../engine/nn/model-file.js';
import type { Announcement, Progress } from '../../protocol/announcement.js';
import { type Assignment, isEarlier } from '../../protocol/assignment.js';
import { blobsOfAssignment } from '../../protocol/named-blobs.js';
import { DivergedError } from '../../training/error.js';
import type { TaskRunner } from '../../training/tasks.js';
import { TransportError } from '../../transport/error.js';
import type { ParticipantEnd } from '../../transport/transport.js';
import { FederationError } from '../error.js';
import type { CompiledFederation } from '../plan/compile-federation.js';
import { droppedSentence } from '../rounds/admission.js';
import { type AssignedWork, assignedWork, type WorkEvent } from './assigned-work.js';
import { keptWork, nothingKept } from './kept-update.js';
import { knownCoordinator } from './known-coordinator.js';
import type { OwnData } from './own-data.js';
import { ownDataRecord } from './own-data-record.js';
import type { ParticipantFolder } from './participant-files.js';

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
  /** Tells how many examples of each class there are. */
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
  /** Nobody has given the coordinator's key: the one that it shows is taken, and only that from now on. */
  | { readonly type: 'key-taken'; readonly key: string }
  | { readonly type: 'assigned'; readonly assignment: Assignment }
  /** The loss or a weight is no sound number any more: the coordinator is told, and its next wish is waited for. */
  | { readonly type: 'diverged'; readonly round: number; readonly message: string }
  /** It took part before, with other data. */
  | { readonly type: 'data-changed' }
  /** It is older than one that was seen before this start: somebody repeats it, or the run was put back from a backup. */
  | { readonly type: 'left-out'; readonly assignment: Assignment }
  /** A newer assignment has no use for what was done. */
  | {
      readonly type: 'given-up';
      readonly round: number;
      readonly activity: Extract<Assignment, { waitingFor: string[] }>['type'];
    };

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

interface Work {
  readonly key: string;
  readonly round: number;
  readonly stop: AbortController;
  /** Its answer is on its way, or there: who asks from now on may ask for another. */
  said: boolean;
  done: Promise<void>;
}

/**
 * Resolves when the run is over, or the signal has come.
 * @throws DivergedError when the final model is no sound one
 * @throws TransportError when the channel was closed, or what came is not what its hash says
 * @throws FederationError when the coordinator does not let it take part, its key is another than before, or SCAFFOLD has no folder
 */
export async function takePart(
  end: ParticipantEnd,
  { federation, data, tasks, runtime, folder, shareLabelCounts, observer, signal }: TakePartOptions,
): Promise<TakePartOutcome> {
  const { name } = data.share;
  const { job, plan: hash } = end.description;
  const keeper = federation.methods.find(({ keeps }) => keeps !== undefined);
  if (keeper !== undefined && folder === undefined) {
    throw new FederationError(
      `federation: the ${keeper.keeps} stays with each participant from round to round, but there is no folder to keep it in`,
      { hint: 'name one, and keep it until the run is over' },
    );
  }
  const known = await knownCoordinator(folder, end);
  const { takenKey: key } = known;
  if (key !== undefined) observer?.onEvent?.({ type: 'key-taken', key });
  const identity = { job, participant: name, plan: hash };
  const toCoordinator = throttled<Progress>((progress) => end.tell(progress), TELL_INTERVAL_MS);
  const onProgress = (progress: Progress) => {
    toCoordinator.tell(progress);
    observer?.onProgress?.(progress);
  };
  const onEvent = (event: TakePartEvent) => observer?.onEvent?.(event);
  const kept =
    folder === undefined
      ? nothingKept
      : keptWork(folder, identity, { methods: federation.methods, keep: federation.configuration.keep });
  const place = { end, federation, data, tasks, kept, observer: { onProgress, onEvent } };
  const answers = assignedWork(place);

  let current: Work | undefined;
  let seen: Assignment | undefined;
  /** What was answered, and the assignment that asked for it last: a later one that asks again has lost the answer. */
  const done = new Map<string, Assignment>();
  /** What came to nothing, and would again. */
  const diverged = new Set<string>();
  /** The coordinator expects nothing of it at the moment. */
  let excused = false;
  const failed = rejection();
  const left = rejection();
  const leave = () => left.reject(new InterruptedError('left'));
  signal?.addEventListener('abort', leave);
  if (signal?.aborted) leave();

  function begin(assignment: Extract<Assignment, { waitingFor: string[] }>, key: string): Work {
    const stop = new AbortController();
    const { round, type } = assignment;
    const work: Work = { key, round, stop, said: false, done: Promise.resolve() };
    const saying = () => {
      work.said = true;
    };
    work.done = answer(assignment, answers, stop.signal, saying).then(
      () => {
        done.set(key, seen ?? assignment);
        onProgress({ round, activity: 'waiting' });
      },
      (error: unknown) => {
        if (error instanceof DivergedError) return sayDiverged(work, error);
        if (!(error instanceof InterruptedError && stop.signal.aborted)) failed.reject(error);
        else onEvent({ type: 'given-up', round, activity: type });
      },
    );
    return work;
  }
  async function sayDiverged({ key, round }: Work, { message }: DivergedError): Promise<void> {
    diverged.add(key);
    excused = true;
    onEvent({ type: 'diverged', round, message });
    onProgress({ round, activity: 'waiting' });
    await end
      .announce({ type: 'failed', round, message: message.slice(0, 1000) })
      .catch((error: unknown) => failed.reject(error));
  }
  const join = async (dataChanged = false) => {
    const receipt = await Promise.race([
      end.announce({
        ...joining(data, runtime, shareLabelCounts),
        ...(dataChanged && { dataChanged }),
      }),
      left.promise,
      failed.promise,
    ]);
    excused = false;
    if (receipt.accepted || receipt.reason === 'over') return;
    throw new FederationError(
      `federation: the coordinator does not let "${name}" take part: ${receipt.message}`,
    );
  };
  const giveUp = async () => {
    current?.stop.abort();
    await current?.done;
  };

  try {
    const record = folder && (await Promise.race([ownDataRecord(folder, identity, data), left.promise]));
    if (record?.changed) onEvent({ type: 'data-changed' });
    await join(record?.changed);
    await record?.keep();
    const assignments = end.assignments()[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([assignments.next(), failed.promise, left.promise]);
      if (next.done) {
        throw new TransportError('transport: the channel was closed before the run was over', {
          transient: true,
        });
      }
      const assignment = next.value;
      if (seen !== undefined && isEarlier(assignment, seen)) continue;
      if (!(await known.see(assignment))) {
        onEvent({ type: 'left-out', assignment });
        continue;
      }
      seen = assignment;
      if (assignment.dropped?.includes(name))
        throw new FederationError(`federation: ${droppedSentence(name)}`);
      onEvent({ type: 'assigned', assignment });
      if (assignment.type === 'finished') {
        await Promise.race([giveUp(), failed.promise, left.promise]);
        const { reason, message, model: blob } = assignment;
        const aborted = signal ?? new AbortController().signal;
        const model = blob && (await answers.modelFile(blob, current?.round ?? 1, aborted));
        if (model !== undefined) await folder?.write(FINAL_MODEL, model);
        // So that the coordinator knows who has been told, and need not stay. It may be gone already.
        await within(LEAVE_MS, () => end.announce({ type: 'left', reason: 'the run is over' }));
        return { type: 'finished', reason, message, model };
      }
      // The coordinator is merging, or is coming back: what becomes of the work in hand, its next assignment says.
      if (assignment.type === 'wait') continue;
      const key = keyOf(assignment);
      const answered = done.get(key);
      const lost = answered !== undefined && isEarlier(answered, assignment);
      const wanted =
        assignment.waitingFor.includes(name) && (answered === undefined || lost) && !diverged.has(key);
      const inHand = current?.key === key && !current.said && !current.stop.signal.aborted;
      if (wanted && inHand) continue;
      await Promise.race([giveUp(), failed.promise, left.promise]);
      if (!wanted) continue;
      if (excused) await join();
      current = begin(assignment, key);
    }
  } catch (error) {
    if (error instanceof InterruptedError && signal?.aborted) {
      await within(LEAVE_MS, async () => {
        await giveUp();
        await end.announce({ type: 'left' });
      });
      return { type: 'left' };
    }
    // What it was given, or what came of it, is at fault: nobody can go on with that. Else another start may mend it.
    const blame =
      error instanceof DivergedError || error instanceof TensorError || error instanceof ModelFileError;
    if (blame) {
      const message = error.message.slice(0, 1000);
      await within(LEAVE_MS, () => end.announce({ type: 'failed', round: current?.round ?? 1, message }));
    }
    throw error;
  } finally {
    signal?.removeEventListener('abort', leave);
    current?.stop.abort();
    toCoordinator.close();
  }
}

function joining(
  { dataset, share: { train, validation } }: OwnData,
  runtime: string,
  shareLabelCounts = false,
): Extract<Announcement, { type: 'joined' }> {
  const countsOf = (indices: Uint32Array) => classCounts(dataset.labels, dataset.classNames.length, indices);
  const own = countsOf(validation);
  return {
    type: 'joined',
    examples: train.length,
    validationExamples: validation.length,
    runtime,
    ...(shareLabelCounts && {
      labelCounts: Array.from(countsOf(train), (count, label) => count + (own[label] as number)),
    }),
  };
}

function answer(
  assignment: Extract<Assignment, { waitingFor: string[] }>,
  answers: AssignedWork,
  signal: AbortSignal,
  saying: () => void,
): Promise<void> {
  switch (assignment.type) {
    case 'train':
      return answers.train(assignment, signal, saying);
    case 'evaluate':
      return answers.evaluate(assignment, signal, saying);
    case 'sum-features':
      return answers.sumFeatures(assignment, signal, saying);
    case 'compare-layers':
      return answers.compareLayers(assignment, signal, saying);
  }
}

function keyOf(assignment: Extract<Assignment, { waitingFor: string[] }>): string {
  const { type, round, attempt = 1 } = assignment;
  const blobs = blobsOfAssignment(assignment);
  const phase = type === 'compare-layers' ? assignment.phase : '';
  return [type, phase, round, attempt, ...blobs.map(({ sha256 }) => sha256)].join(' ');
}

/** A promise that is only ever rejected. */
function rejection() {
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<never>((_, rejected) => {
    reject = rejected;
  });
  promise.catch(() => undefined);
  return { promise, reject: (error: unknown) => reject(error) };
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
