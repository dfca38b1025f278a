/**
 * The last update of a participant, from its training until it is known whether it counts. It stays
 * until work for another round takes its place, in case the coordinator asks for it once more.
 */
import type { Announcement, Progress, Receipt } from '../../protocol/announcement.js';
import type { Assignment } from '../../protocol/assignment.js';
import type { ParticipantEnd } from '../../transport/transport.js';
import { handIn } from './hand-in.js';
import type { FinishedUpdate, KeptWork } from './kept/kept-update.js';

/** How often the round of an assignment was begun. */
export type RoundAttempt = Pick<Extract<Assignment, { type: 'train' }>, 'rollbacks' | 'attempt'>;

export interface LastUpdate {
  /** The last update, trained by this process or kept by an earlier one. */
  find(): Promise<FinishedUpdate | undefined>;
  /** Keeps an update that was trained just now. */
  keep(update: FinishedUpdate): Promise<void>;
  /**
   * Hands the update in, and updates the states of methods if it counts.
   * @param saying called before the update is announced
   */
  bring(update: FinishedUpdate, asked: RoundAttempt, signal: AbortSignal, saying?: () => void): Promise<void>;
  /**
   * Finds out whether the update counts. An earlier process may have handed it in and ended before
   * the receipt came. The coordinator knows, and the states of methods depend on it.
   */
  settle(update: FinishedUpdate, asked: RoundAttempt, signal: AbortSignal): Promise<void>;
  /**
   * Settles the update that `find` gives, if any: own tensors are those of the last update that
   * counts.
   */
  settleLast(asked: RoundAttempt, signal: AbortSignal): Promise<void>;
  forget(): Promise<void>;
}

export interface LastUpdateOptions {
  readonly upload: ParticipantEnd['upload'];
  readonly kept: KeptWork;
  announce(announcement: Announcement): Promise<Receipt>;
  onActivity(round: number, activity: Progress['activity']): void;
}

export function lastUpdate({ upload, kept, announce, onActivity }: LastUpdateOptions): LastUpdate {
  /** Updates that this process trained and has not announced: they cannot count yet. */
  const unsaid = new WeakSet<FinishedUpdate>();
  let last: FinishedUpdate | undefined;

  async function forget(): Promise<void> {
    await kept.forget();
    last = undefined;
  }

  async function bring(
    update: FinishedUpdate,
    { rollbacks = [], attempt }: RoundAttempt,
    signal: AbortSignal,
    saying?: () => void,
  ): Promise<void> {
    const counts = await handIn(update, attempt, {
      upload,
      announce(announcement) {
        unsaid.delete(update);
        saying?.();
        return announce(announcement);
      },
      onUpload: (round) => onActivity(round, 'uploading'),
      signal,
    });
    return counts ? kept.count(update, rollbacks) : forget();
  }

  async function find(): Promise<FinishedUpdate | undefined> {
    last ??= await kept.load();
    return last;
  }

  async function settle(update: FinishedUpdate, asked: RoundAttempt, signal: AbortSignal): Promise<void> {
    if (!unsaid.has(update) && !(await kept.isCounted(update))) await bring(update, asked, signal);
  }

  return {
    find,
    async keep(update) {
      unsaid.add(update);
      await kept.keep(update);
      last = update;
    },
    bring,
    settle,
    async settleLast(asked, signal) {
      const found = await find();
      if (found !== undefined) await settle(found, asked, signal);
    },
    forget,
  };
}
