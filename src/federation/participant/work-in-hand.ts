/**
 * The current work of a participant: it answers one assignment at a time, and can be given up
 * between two steps. It holds the assignment state, which changes whenever the work ends.
 */
import { InterruptedError } from '../../base/interrupted.js';
import { DivergedError } from '../../training/error.js';
import type { ParticipantEnd } from '../../transport/transport.js';
import type { AssignedWork, WorkObserver } from './assigned-work.js';
import {
  type AskingAssignment,
  type AssignmentEvent,
  type AssignmentState,
  initialAssignmentState,
  keyOf,
  nextState,
} from './assignment-state.js';

export interface WorkInHand {
  state(): AssignmentState;
  /** Applies an event that comes from outside the work. */
  note(event: Extract<AssignmentEvent, { type: 'heard' | 'joined' }>): void;
  begin(assignment: AskingAssignment): void;
  /** Gives the work up, and resolves when it has ended. */
  giveUp(): Promise<void>;
  /** Gives the work up, without waiting. */
  stop(): void;
  /** Rejected when work fails that nobody had given up. */
  readonly failed: Promise<never>;
}

export type HandEvent =
  /**
   * The loss or a weight is not finite or too large. The coordinator is told, and its next
   * assignment is waited for.
   */
  | { readonly type: 'diverged'; readonly round: number; readonly message: string }
  /** A newer assignment has no use for the work. */
  | { readonly type: 'given-up'; readonly round: number; readonly activity: AskingAssignment['type'] };

export interface WorkInHandOptions {
  readonly end: Pick<ParticipantEnd, 'announce'>;
  readonly answers: AssignedWork;
  readonly observer: Pick<WorkObserver, 'onProgress'> & { onEvent(event: HandEvent): void };
}

export function workInHand({ end, answers, observer }: WorkInHandOptions): WorkInHand {
  const { onEvent, onProgress } = observer;
  const { promise: failed, reject: fail } = rejection();
  let state = initialAssignmentState;
  let current: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
  const note = (event: AssignmentEvent) => {
    state = nextState(state, event);
  };

  async function sayDiverged(assignment: AskingAssignment, { message }: DivergedError): Promise<void> {
    const { round } = assignment;
    note({ type: 'diverged', key: keyOf(assignment) });
    onEvent({ type: 'diverged', round, message });
    onProgress({ round, activity: 'waiting' });
    await end.announce({ type: 'failed', round, message: message.slice(0, 1000) }).catch(fail);
  }

  function stop() {
    current?.stop.abort();
    note({ type: 'stopped' });
  }

  return {
    state: () => state,
    note,
    begin(assignment) {
      const { round, type: activity } = assignment;
      const key = keyOf(assignment);
      const stop = new AbortController();
      note({ type: 'begun', assignment });
      const done = answer(assignment, answers, stop.signal, () => note({ type: 'said', key })).then(
        () => {
          note({ type: 'answered', key });
          onProgress({ round, activity: 'waiting' });
        },
        (error: unknown) => {
          if (error instanceof DivergedError) return sayDiverged(assignment, error);
          if (!(error instanceof InterruptedError && stop.signal.aborted)) fail(error);
          else onEvent({ type: 'given-up', round, activity });
        },
      );
      current = { stop, done };
    },
    async giveUp() {
      stop();
      await current?.done;
    },
    stop,
    failed,
  };
}

function answer(
  assignment: AskingAssignment,
  answers: AssignedWork,
  signal: AbortSignal,
  saying: () => void,
): Promise<void> {
  switch (assignment.type) {
    case 'survey':
      return answers.survey(assignment, signal, saying);
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

/** A promise that is only ever rejected. */
export function rejection() {
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<never>((_, rejected) => {
    reject = rejected;
  });
  promise.catch(() => undefined);
  return { promise, reject: (error: unknown) => reject(error) };
}
