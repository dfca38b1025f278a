/**
 * The coordinator of participants on other machines: hears announcements, records what counts, says what is asked for next,
 * and merges when a round is closed. All decisions are the round's (`rounds.ts`, `admission.ts`); what they rest on is in the
 * store before anybody is told. A store that cannot be written ends it: started again, it goes on where it was.
 */

import { InterruptedError } from '../../base/interrupted.js';
import type { Announcement, Progress, Receipt } from '../../protocol/announcement.js';
import type { Blob } from '../../protocol/blob-name.js';
import type { Description } from '../../protocol/description.js';
import { blobsOfAnnouncement } from '../../protocol/named-blobs.js';
import type { Status } from '../../protocol/status.js';
import { broughtBlobs } from '../../transport/brought.js';
import type { RunOperator } from '../../transport/run-operator.js';
import type { BlobFolder, CoordinatorEnd, Reception } from '../../transport/transport.js';
import { DamagedUpdateError, FederationError } from '../error.js';
import { admit } from '../rounds/admission.js';
import { assign } from '../rounds/assign.js';
import type { Clock } from '../rounds/clock.js';
import { membersHere } from '../rounds/membership.js';
import { currentPhase, deadlineOf, handingIn, inAttempt } from '../rounds/open-phase.js';
import { dropProblem, rollbackProblem } from '../rounds/operator-acts.js';
import type { RoundRecord, RoundRules, RunState } from '../rounds/round.js';
import type { RoundEvent } from '../rounds/round-events.js';
import { applyEvent, startRun } from '../rounds/rounds.js';
import type { RunStore } from '../rounds/run-store.js';
import { type Seen, statusOf } from '../rounds/status.js';
import type { CheckedFiles } from './check-files.js';

export interface RemoteRoundsOptions {
  readonly rules: RoundRules;
  readonly description: Description;
  readonly store: RunStore;
  readonly blobs: BlobFolder;
  readonly clock: Clock;
  /** The model that round 1 begins with, where one was given. */
  readonly initial?: string | undefined;
  /** Makes a blob sound that participants are to fetch. @throws when it cannot be had any more */
  mend?(sha256: string): Promise<void>;
  /** Why a run does not do with so few participants, in words. */
  tooFew?(participants: number): string | undefined;
  /** Why the run cannot be taken up again after this round, which is over, in words. */
  cannotReturn?(to: number, state: RunState): Promise<string | undefined>;
  /** Looks at the files of an announcement. */
  check(participant: string, announcement: Announcement, state: RunState): Promise<CheckedFiles>;
  /**
   * The coordinator's part of a phase.
   * @throws DamagedUpdateError when a file that a participant handed in is not what it was.
   */
  conclude(phase: string, round: number, state: RunState): Promise<RoundEvent>;
  /** After a fact was recorded: what no later step reads can go. */
  discardAfter?(event: RoundEvent, state: RunState): Promise<void>;
  /** The SHA-256 of the final model, for those who took part. */
  finalModel?(state: RunState): string | undefined;
  readonly observer?: RemoteObserver;
}

export interface RemoteObserver {
  onEvent?(event: RoundEvent, state: RunState): void;
  onPresence?(participant: string, present: boolean): void;
  onProgress?(participant: string, progress: Progress): void;
  onRefused?(participant: string, announcement: Announcement, receipt: Receipt): void;
  /** What a phase begins to wait for. */
  onAssigned?(status: Status): void;
}

export interface RemoteRounds extends RunOperator {
  readonly reception: Reception;
  /** Leads the run to its end. @throws InterruptedError when it is told to stop before, or whatever the store throws. */
  conduct(end: CoordinatorEnd, epoch: number, signal?: AbortSignal): Promise<RunState>;
  /** After the end: until everybody who takes part has said goodbye, or so many seconds have passed. */
  farewell(seconds: number, signal?: AbortSignal): Promise<void>;
  status(): Status;
  state(): RunState;
}

export function remoteRounds(options: RemoteRoundsOptions): RemoteRounds {
  const { store, clock, observer = {} } = options;
  let state = store.events.reduce(applyEvent, startRun(options.rules));
  const seen = new Map<string, Seen>();
  const brought = broughtBlobs();
  let farewellUntil: string | undefined;
  let failure: { readonly error: unknown } | undefined;
  let wake = () => {};

  const fail = (error: unknown) => {
    failure ??= { error };
    wake();
  };
  let recording: Promise<unknown> = Promise.resolve();
  /** One after the other: each decision is made on what was recorded before it. */
  const exclusively = <Result>(action: () => Promise<Result>): Promise<Result> => {
    const result = recording.then(() => {
      if (failure !== undefined) throw failure.error;
      return action();
    });
    recording = result.catch(() => undefined);
    return result;
  };
  const record = async (event: RoundEvent) => {
    try {
      await store.append(event);
    } catch (error) {
      fail(error);
      throw error;
    }
    state = applyEvent(state, event);
    observer.onEvent?.(event, state);
    wake();
    await options.discardAfter?.(event, state);
  };

  const see = (participant: string, change: Partial<Seen>) => {
    const before = seen.get(participant) ?? { present: false, since: clock.now(), progress: undefined };
    const since =
      change.present === undefined || change.present === before.present ? {} : { since: clock.now() };
    seen.set(participant, { ...before, ...change, ...since });
  };

  const receive = async (participant: string, announcement: Announcement): Promise<Receipt> => {
    const first = admit(state, participant, announcement, options.initial);
    if (first.event === undefined) {
      if (!first.receipt.accepted) observer.onRefused?.(participant, announcement, first.receipt);
      return first.receipt;
    }
    const receipt =
      unfitCounts(participant, announcement) ??
      (await withoutBlobs(participant, announcement)) ??
      (await receiveFiles(participant, announcement));
    if (!receipt.accepted) observer.onRefused?.(participant, announcement, receipt);
    return receipt;
  };

  async function receiveFiles(participant: string, announcement: Announcement): Promise<Receipt> {
    const { problem, moved } = await options.check(participant, announcement, state);
    if (problem !== undefined) {
      return { accepted: false, reason: 'bad-update', message: problem.slice(0, 1000) };
    }
    return exclusively(async () => {
      // While its files were looked at, the run went on.
      const { event, receipt } = admit(state, participant, announcement, options.initial);
      if (event !== undefined) await record(withMoved(event, moved));
      return receipt;
    });
  }

  /** They go into the journal: no more numbers than there are classes, and no others than of what it has. */
  function unfitCounts(participant: string, announcement: Announcement): Receipt | undefined {
    if (announcement.type !== 'joined' || announcement.labelCounts === undefined) return undefined;
    const { labelCounts, examples, validationExamples } = announcement;
    const classes = options.description.classNames.length;
    const sum = labelCounts.reduce((a, b) => a + b, 0);
    if (labelCounts.length === classes && sum === examples + validationExamples) return undefined;
    const message = `"${participant}" has label counts of ${sum} examples in ${labelCounts.length} classes, expected ${examples + validationExamples} in ${classes}`;
    return { accepted: false, reason: 'not-expected', message };
  }

  /** What counts already is not looked for: its files may be gone, for it was merged. */
  async function withoutBlobs(participant: string, announcement: Announcement): Promise<Receipt | undefined> {
    const { blobs } = options;
    for (const { sha256, bytes } of blobsOfAnnouncement(announcement)) {
      const here = (await blobs.has(sha256)) ? (await blobs.describe(sha256)).bytes : undefined;
      const mine = brought.has(participant, sha256);
      if (mine && here === bytes) continue;
      const state =
        here === undefined || !mine
          ? `did not come from "${participant}"`
          : `has ${here} bytes, expected ${bytes}`;
      const message = `the blob ${sha256.slice(0, 12)}… ${state}: it is uploaded before it is announced`;
      return { accepted: false, reason: 'no-blob', message };
    }
    return undefined;
  }

  /** Blobs that were looked at before they were offered. */
  const offered = new Map<string, Blob>();
  async function blobOf(sha256: string): Promise<Blob> {
    const known = offered.get(sha256);
    if (known !== undefined) return known;
    await options.mend?.(sha256);
    const blob = await options.blobs.describe(sha256);
    offered.set(sha256, blob);
    const [oldest] = offered.keys();
    if (offered.size > MOST_OFFERED && oldest !== undefined) offered.delete(oldest);
    return blob;
  }

  /** @returns whether everybody has been told that the run is over */
  async function publish(end: CoordinatorEnd, epoch: number, said: Said): Promise<boolean> {
    const final = state.stopped === undefined ? undefined : options.finalModel?.(state);
    const assigned = await assign(state, { initial: options.initial, final, blobOf });
    const key = JSON.stringify({ ...assigned, waitingFor: undefined });
    if (key !== said.key) {
      said.key = key;
      await end.publish({ ...assigned, epoch, sequence: said.sequence++ });
      observer.onAssigned?.(statusOf(state, { seen }));
    }
    return assigned.type === 'finished';
  }

  /** The deadline of the phase that waits now: recorded when the phase begins, so that a restart does not prolong it. */
  async function keepDeadline(timer: { cancel: () => void; of: string }): Promise<void> {
    const due = deadlineOf(state);
    if (due === undefined) return;
    const { round, phase, seconds: whole, deadline } = due;
    const attempt = inAttempt(state);
    if (deadline === undefined) {
      const at = clock.later(whole);
      await exclusively(() => record({ type: 'deadline-set', round, phase, ...attempt, at }));
      return keepDeadline(timer);
    }
    const { at, passed } = deadline;
    const key = `${round} ${phase} ${at}`;
    if (passed || timer.of === key) return;
    timer.cancel();
    timer.of = key;
    // A clock that was set back or forward in the meantime shortens or prolongs nothing beyond the whole of it.
    const seconds = Math.min(Math.max(clock.secondsUntil(at), 0), whole);
    timer.cancel = clock.after(seconds, () => {
      exclusively(async () => {
        const now = deadlineOf(state);
        if (now?.phase !== phase || now.round !== round || now.deadline?.at !== at) return;
        await record({ type: 'deadline-passed', round, phase, ...attempt });
      }).catch(fail);
    });
  }

  /** Does the coordinator's part of the phase, where there is one. */
  async function concludeDue(): Promise<boolean> {
    const phase = currentPhase(state);
    if (phase?.by !== 'coordinator') return false;
    const current = state.rounds.at(-1) as RoundRecord;
    const { round, closed } = current;
    const attempt = inAttempt(state);
    // An operator may have dropped somebody meanwhile, or gone back: then it is done anew, or not at all.
    const isStillDue = () => state.rounds[round - 1]?.closed === closed && currentPhase(state) === phase;
    const event = await options
      .conclude(phase.name, round, state)
      .catch((error: unknown): RoundEvent | undefined => {
        if (!isStillDue()) return undefined;
        const lost = handingIn(state);
        if (!(error instanceof DamagedUpdateError) || lost === undefined) throw error;
        return { type: 'work-lost', round, phase: lost.name, participant: error.participant };
      });
    await exclusively(async () => {
      if (event !== undefined && isStillDue()) await record({ ...event, ...attempt });
    });
    return true;
  }

  return {
    reception: {
      description: options.description,
      receive,
      onPresence(participant, present) {
        see(participant, { present, ...(!present && { progress: undefined }) });
        wake();
        observer.onPresence?.(participant, present);
      },
      onProgress(participant, progress) {
        see(participant, { progress });
        observer.onProgress?.(participant, progress);
      },
      holds: (sha256) => sha256 === options.initial || namedBlobs(state).has(sha256),
      brought,
      onFenced: fail,
    },
    async conduct(end, epoch, signal) {
      const said: Said = { key: '', sequence: 0 };
      const timer = { cancel: () => {}, of: '' };
      const aborted = () => wake();
      signal?.addEventListener('abort', aborted);
      try {
        for (;;) {
          const woken = new Promise<void>((resolve) => {
            wake = resolve;
          });
          if (failure !== undefined) throw failure.error;
          if (signal?.aborted) throw new InterruptedError('interrupted');
          await keepDeadline(timer);
          if (await publish(end, epoch, said)) return state;
          if (!(await concludeDue())) await woken;
        }
      } finally {
        timer.cancel();
        signal?.removeEventListener('abort', aborted);
      }
    },
    async farewell(seconds, signal) {
      let over = false;
      farewellUntil = clock.later(seconds);
      const end = () => {
        over = true;
        wake();
      };
      let cancel = clock.after(seconds, end);
      signal?.addEventListener('abort', end);
      const goodbye = () => membersHere(state.members).length === 0;
      const gone = () => [...seen.values()].every(({ present }) => !present);
      for (let said = false; ; ) {
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
        });
        if (over || signal?.aborted || (goodbye() && gone())) break;
        // Who has said goodbye is still to hear that it was understood.
        if (goodbye() && !said) {
          said = true;
          cancel();
          cancel = clock.after(LAST_WORDS_SECONDS, end);
        }
        await woken;
      }
      cancel();
      signal?.removeEventListener('abort', end);
    },
    stop: () =>
      exclusively(async () => {
        if (state.stopped === undefined) await record({ type: 'stopped', round: state.rounds.length });
      }),
    drop: (participant) =>
      exclusively(async () => {
        const problem = dropProblem(state, participant, options.tooFew);
        if (problem !== undefined) throw new FederationError(`"${participant}" is not dropped: ${problem}`);
        if (!state.dropped.has(participant)) {
          await record({ type: 'dropped', round: state.rounds.length, participant });
        }
        const counted = state.rounds.filter(
          ({ merged, closed }) => merged && closed.train?.counted.includes(participant),
        );
        return counted.map(({ round }) => round);
      }),
    rollback: (to) =>
      exclusively(async () => {
        const problem = rollbackProblem(state, to) ?? (await options.cannotReturn?.(to, state));
        if (problem !== undefined) throw new FederationError(`the run does not go back: ${problem}`);
        await record({ type: 'rolled-back', round: state.rounds.length, to });
      }),
    status: () => statusOf(state, { seen, farewell: farewellUntil }),
    state: () => state,
  };
}

const LAST_WORDS_SECONDS = 3;
/** An assignment names two at most. */
const MOST_OFFERED = 4;

/** What the run refers to still: models, and the updates that are to be merged. */
function namedBlobs({ rounds }: RunState): ReadonlySet<string> {
  const { merged, updates } = rounds.at(-1) as RoundRecord;
  const counted = merged === undefined ? [...updates.values()] : [];
  return new Set([
    ...rounds.flatMap(({ merged }) => [merged?.sha256 ?? '', merged?.control ?? '', merged?.average ?? '']),
    ...counted.flatMap(({ sha256, fisher = '', controls }) => [sha256, fisher, controls?.change ?? '']),
  ]);
}

/** What was published last. */
interface Said {
  key: string;
  sequence: number;
}

const withMoved = (event: RoundEvent, moved: number | undefined): RoundEvent =>
  event.type === 'update-received' && moved !== undefined
    ? { ...event, update: { ...event.update, moved: Number(moved.toPrecision(4)) } }
    : event;
