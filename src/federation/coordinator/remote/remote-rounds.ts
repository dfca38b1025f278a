/**
 * Drives a run across machines: receives announcements, records facts, publishes assignments, and
 * does the coordinator's own work. The state machine makes all decisions (`rounds.ts`,
 * `admit-announcement.ts`). A fact is stored before anybody is told. If the store cannot be
 * written, the coordinator ends; when restarted, it resumes.
 */
import { InterruptedError } from '../../../base/interrupted.js';
import { categoriesOf } from '../../../data/dataset.js';
import type { Announcement, Progress, Receipt } from '../../../protocol/announcement.js';
import type { Description } from '../../../protocol/description.js';
import type { Status } from '../../../protocol/status.js';
import { broughtBlobs } from '../../../transport/brought.js';
import type { RunOperator } from '../../../transport/run-operator.js';
import type { BlobFolder, CoordinatorEnd, CoordinatorHandlers } from '../../../transport/transport.js';
import type { Clock } from '../../rounds/clock.js';
import { namedBlobs } from '../../rounds/named-blobs.js';
import type { RoundRules, RunState } from '../../rounds/round.js';
import type { RoundEvent } from '../../rounds/round-events.js';
import type { RunStore } from '../../rounds/run-store.js';
import { statusOf } from '../../rounds/status.js';
import { type AnnouncementOptions, acceptOrRefuse } from '../admission/accept-or-refuse.js';
import { type Conclude, concludeDue } from './conclude.js';
import { deadlineTimer } from './deadline.js';
import { waitForGoodbyes } from './farewell.js';
import { openLedger } from './ledger.js';
import { type OperatorOptions, operatorOf } from './operator.js';
import { type Presences, withPresence, withProgress } from './presence.js';
import { type PublishingOptions, publishing } from './publish.js';

export interface RemoteRoundsOptions
  extends OperatorOptions,
    Pick<AnnouncementOptions, 'check' | 'measured'>,
    Pick<PublishingOptions, 'mend' | 'finalModel' | 'cutOff'> {
  readonly rules: RoundRules;
  readonly description: Description;
  readonly store: RunStore;
  readonly blobs: BlobFolder;
  readonly clock: Clock;
  /** The model that round 1 begins with, if one was given. */
  readonly initial?: string | undefined;
  /** The coordinator's part of a phase. */
  readonly conclude: Conclude;
  /** Called after a fact was recorded: what no later step reads can be removed. */
  discardAfter?(event: RoundEvent, state: RunState): Promise<void>;
  readonly observer?: RemoteObserver;
}

export interface RemoteObserver {
  onEvent?(event: RoundEvent, state: RunState): void;
  onPresence?(participant: string, present: boolean): void;
  onProgress?(participant: string, progress: Progress): void;
  onRefused?(participant: string, announcement: Announcement, receipt: Receipt): void;
  /** Called when a phase begins to wait. */
  onAssigned?(status: Status): void;
}

export interface RemoteRounds extends RunOperator {
  readonly handlers: CoordinatorHandlers;
  /**
   * Leads the run to its end. @throws InterruptedError when it is told to stop before; the error of
   * the store.
   */
  conduct(end: CoordinatorEnd, epoch: number, signal?: AbortSignal): Promise<RunState>;
  /**
   * After the end: waits until all participants have said goodbye, or this many seconds have
   * passed.
   */
  farewell(seconds: number, signal?: AbortSignal): Promise<void>;
  status(): Status;
  state(): RunState;
}

export function remoteRounds(options: RemoteRoundsOptions): RemoteRounds {
  const { description, store, blobs, clock, initial, observer = {} } = options;
  const ledger = openLedger({
    ...{ rules: options.rules, store, discardAfter: options.discardAfter },
    onEvent: (event, next) => observer.onEvent?.(event, next),
  });
  const { state, wake } = ledger;
  const brought = broughtBlobs();
  let presences: Presences = new Map();
  let farewell: string | undefined;
  const status = () => statusOf(state(), { presences, farewell });

  const handlers: CoordinatorHandlers = {
    description,
    receive: acceptOrRefuse({
      ...{ ledger, groups: categoriesOf(description).length, blobs, brought, initial },
      ...{ check: options.check, measured: options.measured },
      onRefused: (...refused) => observer.onRefused?.(...refused),
    }),
    onPresence(participant, present) {
      presences = withPresence(presences, participant, present, clock.now());
      wake();
      observer.onPresence?.(participant, present);
    },
    onProgress(participant, progress) {
      presences = withProgress(presences, participant, progress, clock.now());
      observer.onProgress?.(participant, progress);
    },
    holds: (sha256) => sha256 === initial || namedBlobs(state()).has(sha256),
    brought,
    onFenced: ledger.fail,
  };

  async function conduct(end: CoordinatorEnd, epoch: number, signal?: AbortSignal): Promise<RunState> {
    const { mend, finalModel, cutOff } = options;
    const onAssigned = () => observer.onAssigned?.(status());
    const publish = publishing(end, epoch, { blobs, initial, mend, finalModel, cutOff, onAssigned });
    const timer = deadlineTimer(ledger, clock);
    signal?.addEventListener('abort', wake);
    try {
      for (;;) {
        const woken = ledger.woken();
        ledger.check();
        if (signal?.aborted) throw new InterruptedError('interrupted');
        await timer.keep();
        if (await publish(state())) return state();
        if (!(await concludeDue(ledger, options.conclude))) await woken;
      }
    } finally {
      timer.cancel();
      signal?.removeEventListener('abort', wake);
    }
  }

  return {
    ...operatorOf(ledger, { tooFew: options.tooFew, cannotReturn: options.cannotReturn }),
    ...{ handlers, conduct, status, state },
    farewell(seconds, signal) {
      farewell = clock.later(seconds);
      return waitForGoodbyes(ledger, () => presences, clock, seconds, signal);
    },
  };
}
