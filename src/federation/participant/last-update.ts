/**
 * The last update of a participant, from its training until it is known whether it counts. It stays
 * until work for another round takes its place, in case the coordinator asks for it once more.
 */
import type { Announcement, Progress, Receipt } from '../../protocol/announcement.js';
import type { Assignment } from '../../protocol/assignment.js';
import type { ParticipantEnd } from '../../transport/transport.js';
import { handIn } from './hand-in.js';
import type { FinishedUpdate, KeptWork } from './kept-update.js';

/** What an assignment says of how often its round was begun. */
export type RoundAttempt = Pick<Extract<Assignment, { type: 'train' }>, 'rollbacks' | 'attempt'>;

export interface LastUpdate {
  /** As this start made it, or as an earlier one left it. */
  find(): Promise<FinishedUpdate | undefined>;
  /** Keeps one that was trained just now. */
  keep(update: FinishedUpdate): Promise<void>;
  /**
   * Hands it in, and follows it where it counts.
   * @param saying called before it is announced
   */
  bring(update: FinishedUpdate, asked: RoundAttempt, signal: AbortSignal, saying?: () => void): Promise<void>;
  /**
   * Finds out whether it counts. Of one that an earlier start handed in, without living to hear
   * what became of it, the coordinator knows; and what is kept depends on it.
   */
  settle(update: FinishedUpdate, asked: RoundAttempt, signal: AbortSignal): Promise<void>;
  /** The same for whatever is found: own tensors are those of the last update that counts. */
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
  /** Trained by this process and told to nobody: nobody can have counted it. */
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
