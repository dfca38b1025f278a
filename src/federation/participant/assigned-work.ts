/**
 * A participant's answer to an assignment: what it downloads, does, keeps, uploads and announces. Until it announces, it can be
 * given up; what was announced is followed until the coordinator has said what becomes of it.
 */

import { InterruptedError } from '../../base/interrupted.js';
import { unlessAborted } from '../../base/unless-aborted.js';
import { ModelFileError, requireFinite } from '../../engine/nn/model-file.js';
import type { Announcement, Progress, Receipt } from '../../protocol/announcement.js';
import type { Assignment } from '../../protocol/assignment.js';
import type { Blob } from '../../protocol/blob-name.js';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/safetensors.js';
import { arrangeState, layoutSize, type StateDict } from '../../tensor/state-dict.js';
import { DivergedError } from '../../training/error.js';
import type { LocalProgress } from '../../training/local-training.js';
import type { TaskRunner } from '../../training/tasks.js';
import { pause } from '../../transport/backoff.js';
import { NoBlobError } from '../../transport/error.js';
import type { ParticipantEnd } from '../../transport/transport.js';
import { FederationError } from '../error.js';
import type { CompiledFederation } from '../plan/compile-federation.js';
import { rulesOf } from '../plan/federation-plan.js';
import type { ParticipantPlan } from '../plan/plan-parts.js';
import { workPlan } from '../plan/work-plan.js';
import { isEvaluated } from '../rounds/round.js';
import { blobOf, type FinishedUpdate, type KeptWork } from './kept-update.js';
import type { OwnData } from './own-data.js';
import { ownAccuracy, trainRound } from './participant-work.js';

type Named<Type extends Assignment['type']> = Extract<Assignment, { type: Type }>;

export interface AssignedWork {
  /**
   * @param saying called before it is announced
   * @throws InterruptedError when it was given up, between two steps
   */
  train(assignment: Named<'train'>, signal: AbortSignal, saying: () => void): Promise<void>;
  evaluate(assignment: Named<'evaluate'>, signal: AbortSignal, saying: () => void): Promise<void>;
  /** The file of a model that the coordinator offers, checked. */
  modelFile(blob: Blob, round: number, signal: AbortSignal): Promise<Uint8Array>;
}

export interface WorkObserver {
  onProgress(progress: Progress): void;
  onEvent(event: WorkEvent): void;
}

export type WorkEvent =
  /** `kept`: it was there already. */
  | { readonly type: 'trained'; readonly round: number; readonly kept: boolean }
  | { readonly type: 'evaluated'; readonly round: number; readonly validationAccuracy: number }
  | { readonly type: 'answered'; readonly announcement: Announcement; readonly receipt: Receipt };

export interface WorkPlace {
  readonly end: ParticipantEnd;
  readonly federation: CompiledFederation;
  readonly data: OwnData;
  readonly tasks: TaskRunner;
  readonly kept: KeptWork;
  readonly observer: WorkObserver;
}

/** So often what was uploaded may be gone before it is announced. */
const UPLOADS = 3;
/** So often what an assignment names may not be there, a while apart. */
const DOWNLOADS = 120;
const AGAIN_MS = 500;

export function assignedWork({ end, federation, data, tasks, kept, observer }: WorkPlace): AssignedWork {
  const { configuration, plan: compiled, strategy, compared, fisher } = federation;
  const { layout } = compiled;
  const { share } = data;
  const rules = rulesOf(configuration, end.description.participants);
  const plan: ParticipantPlan = {
    ...{ layout, strategy, compared, fisher },
    ...workPlan(configuration, [share], rules),
  };
  const tell = (round: number, activity: Progress['activity']) => observer.onProgress({ round, activity });
  /** Trained by this process and told to nobody: nobody can have counted it. */
  const unsaid = new WeakSet<FinishedUpdate>();
  /** The last one, in case the coordinator asks for it once more. */
  let last: FinishedUpdate | undefined;
  /** What is evaluated after a round is what the next begins with. */
  let latest: { readonly sha256: string; readonly state: StateDict } | undefined;

  /** An assignment of a round that cannot be would have us reckon for ever what came before it. */
  function requireRound(round: number): void {
    if (round <= configuration.rounds) return;
    throw new FederationError(
      `federation: the coordinator asks for round ${round}, expected at most ${configuration.rounds}`,
    );
  }

  async function download(blob: Blob, round: number, signal: AbortSignal) {
    // A few bytes for a number, and for the table of tensors with a description of the network.
    const most = 4 * layoutSize(layout) + 1024 * layout.length + 2 ** 20;
    const what = `the model of round ${round} that the coordinator offers`;
    if (blob.bytes > most) {
      throw new FederationError(`federation: ${what} has ${blob.bytes} bytes, expected at most ${most}`);
    }
    tell(round, 'downloading');
    const bytes = await offered(blob, signal);
    const { state } = decodeSafetensors(bytes, what);
    requireSound(state, what);
    return { bytes, state: arrangeState(state, layout, what) };
  }

  /** A coordinator that was killed may come back further on, without what it had asked for: what it asks for now is about to come. */
  async function offered(blob: Blob, signal: AbortSignal): Promise<Uint8Array> {
    for (let tried = 1; ; tried++) {
      try {
        return await unlessAborted(end.download(blob), signal);
      } catch (error) {
        if (!(error instanceof NoBlobError) || tried === DOWNLOADS) throw error;
      }
      await unlessAborted(pause(AGAIN_MS, signal), signal);
    }
  }

  async function model(blob: Blob, round: number, signal: AbortSignal): Promise<StateDict> {
    if (latest?.sha256 !== blob.sha256) {
      latest = { sha256: blob.sha256, state: (await download(blob, round, signal)).state };
    }
    return latest.state;
  }

  async function trainAnew(
    { round, base, control, rollbacks = [] }: Named<'train'>,
    signal: AbortSignal,
  ): Promise<FinishedUpdate> {
    const began = performance.now();
    const start = base === undefined ? federation.initialState(share.name) : await model(base, round, signal);
    const keepsControls = plan.keepsControls?.(round) ?? false;
    const common =
      control === undefined || !keepsControls
        ? new Float32Array(start.data.length)
        : (await download(control, round, signal)).state.data;
    const trained = await trainRound(
      { plan, share, tasks },
      {
        ...{ round, evaluated: isEvaluated(rules, round), base: start.data },
        ...(keepsControls && { controls: { common, own: await kept.ownControl(round, rollbacks) } }),
      },
      (progress) => observer.onProgress(progressOf(progress)),
      signal,
    );
    const files = {
      state: encodeSafetensors({ layout, data: trained.state }),
      ...(trained.controls && { control: encodeSafetensors({ layout, data: trained.controls.change }) }),
      ...(trained.fisher && { fisher: encodeSafetensors(trained.fisher) }),
    };
    const update = {
      state: await blobOf(files.state),
      ...trained.report,
      ...(files.control && { control: await blobOf(files.control) }),
      ...(files.fisher && { fisher: await blobOf(files.fisher) }),
      seconds: Math.round(performance.now() - began) / 1000,
    };
    return { announcement: { type: 'update', round, ...(base && { base: base.sha256 }), update }, files };
  }

  async function announce(announcement: Announcement): Promise<Receipt> {
    const receipt = await end.announce(announcement);
    observer.onEvent({ type: 'answered', announcement, receipt });
    return receipt;
  }

  async function handIn(
    update: FinishedUpdate,
    { rollbacks = [], attempt }: Named<'train'>,
    signal: AbortSignal,
    saying?: () => void,
  ): Promise<void> {
    const { announcement, files } = update;
    const again = attempt !== undefined && { attempt };
    for (let attempt = 1; ; attempt++) {
      tell(announcement.round, 'uploading');
      for (const role of ['state', 'control', 'fisher'] as const) {
        const bytes = files[role];
        if (bytes === undefined) continue;
        await unlessAborted(end.upload(bytes, announcement.update[role]), signal);
      }
      if (signal.aborted) throw new InterruptedError('interrupted');
      unsaid.delete(update);
      saying?.();
      const receipt = await announce({ ...announcement, ...again });
      if (receipt.accepted) return kept.count(update, rollbacks);
      if (receipt.reason !== 'no-blob' || attempt === UPLOADS) return forget();
    }
  }

  async function forget(): Promise<void> {
    await kept.forget();
    last = undefined;
  }

  return {
    async train(assignment, signal, saying) {
      const { round, base } = assignment;
      requireRound(round);
      const found = last ?? (await kept.load());
      const isOf = ({ announcement }: FinishedUpdate) =>
        announcement.round === round && announcement.base === base?.sha256;
      if (found !== undefined && isOf(found)) {
        last = found;
        observer.onEvent({ type: 'trained', round, kept: true });
        return handIn(found, assignment, signal, saying);
      }
      if (found !== undefined) {
        // Whether an update counts of which an earlier start was not told, the coordinator knows; c_k depends on it.
        const unknown =
          found.files.control !== undefined && !unsaid.has(found) && !(await kept.isCounted(found));
        if (unknown) await handIn(found, assignment, signal);
        await forget();
      }
      const update = await trainAnew(assignment, signal);
      unsaid.add(update);
      await kept.keep(update);
      last = update;
      observer.onEvent({ type: 'trained', round, kept: false });
      return handIn(update, assignment, signal, saying);
    },
    async evaluate({ round, model: blob }, signal, saying) {
      requireRound(round);
      const { data: state } = await model(blob, round, signal);
      tell(round, 'evaluating');
      const validationAccuracy = await ownAccuracy({ share, tasks }, state, signal);
      observer.onEvent({ type: 'evaluated', round, validationAccuracy });
      const { length: examples } = share.validation;
      saying();
      await announce({ type: 'evaluated', round, model: blob.sha256, validationAccuracy, examples });
    },
    modelFile: async (blob, round, signal) => (await download(blob, round, signal)).bytes,
  };
}

/** Nothing can begin with such a model. */
function requireSound(state: StateDict, what: string): void {
  try {
    requireFinite(state, what);
  } catch (cause) {
    if (!(cause instanceof ModelFileError)) throw cause;
    throw new DivergedError(cause.message, { cause });
  }
}

function progressOf(progress: LocalProgress): Progress {
  const { round, epoch, epochs, step, steps, imagesPerSecond, loss, validationAccuracy } = progress;
  return {
    ...{ round, activity: 'training', epoch, step, steps, loss },
    ...(epochs !== undefined && { epochs }),
    ...(Number.isFinite(imagesPerSecond) && { imagesPerSecond }),
    ...(validationAccuracy !== undefined && { validationAccuracy }),
  };
}
