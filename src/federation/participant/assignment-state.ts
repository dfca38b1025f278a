/**
 * The state of a participant between its assignments: what it has heard, what it has answered, and
 * what it is at work on. `nextState` is a pure function from a state and an event to the next
 * state; `dueStep` says what to do in a state. `work-in-hand.ts` holds the state, and
 * `take-part.ts` is the loop:
 *
 *     for await (const assignment of end.assignments()) {
 *       state = nextState(state, { type: 'heard', assignment });
 *       switch (dueStep(state, participant).type) { … }
 *     }
 */
import { type Assignment, isEarlier } from '../../protocol/assignment.js';
import { blobsOfAssignment } from '../../protocol/named-blobs.js';

/** An assignment that asks some participants for an answer. */
export type AskingAssignment = Extract<Assignment, { waitingFor: string[] }>;

export interface AssignmentState {
  /** The newest assignment. */
  readonly seen: Assignment | undefined;
  /**
   * By the key of what was asked: the assignment that was the newest when it was answered. If a
   * later one asks again, the coordinator has lost the answer.
   */
  readonly answered: ReadonlyMap<string, Assignment>;
  /** The keys of work that diverged, and would diverge again. */
  readonly diverged: ReadonlySet<string>;
  /** The coordinator expects nothing of it at the moment. */
  readonly excused: boolean;
  readonly inHand: WorkState | undefined;
}

export interface WorkState {
  readonly key: string;
  readonly round: number;
  /**
   * The answer is on its way, or has arrived. An assignment that asks for it from now on asks anew.
   */
  readonly said: boolean;
  /** The work was given up, or is about to be. */
  readonly stopped: boolean;
}

export const initialAssignmentState: AssignmentState = {
  seen: undefined,
  answered: new Map(),
  diverged: new Set(),
  excused: false,
  inHand: undefined,
};

export type AssignmentEvent =
  | { readonly type: 'heard'; readonly assignment: Assignment }
  | { readonly type: 'joined' }
  | { readonly type: 'begun'; readonly assignment: AskingAssignment }
  /** The answer to the work of this key is about to be announced. */
  | { readonly type: 'said'; readonly key: string }
  | { readonly type: 'answered'; readonly key: string }
  | { readonly type: 'diverged'; readonly key: string }
  | { readonly type: 'stopped' };

export function nextState(state: AssignmentState, event: AssignmentEvent): AssignmentState {
  const { seen, answered, diverged, inHand } = state;
  switch (event.type) {
    case 'heard':
      return { ...state, seen: event.assignment };
    case 'joined':
      return { ...state, excused: false };
    case 'begun': {
      const { assignment } = event;
      const key = keyOf(assignment);
      return { ...state, inHand: { key, round: assignment.round, said: false, stopped: false } };
    }
    case 'said':
      return inHand?.key === event.key ? { ...state, inHand: { ...inHand, said: true } } : state;
    case 'answered':
      return seen === undefined ? state : { ...state, answered: new Map(answered).set(event.key, seen) };
    case 'diverged':
      return { ...state, diverged: new Set(diverged).add(event.key), excused: true };
    case 'stopped':
      return inHand === undefined ? state : { ...state, inHand: { ...inHand, stopped: true } };
  }
}

export type DueStep =
  /** The operator has dropped the participant. */
  | { readonly type: 'dropped' }
  | { readonly type: 'finish'; readonly assignment: Extract<Assignment, { type: 'finished' }> }
  /** The current work, if any, goes on. */
  | { readonly type: 'go-on' }
  /** The current work is of no use any more, and is given up. */
  | { readonly type: 'rest' }
  /** The current work is given up, and this is begun in its place. */
  | { readonly type: 'begin'; readonly assignment: AskingAssignment };

/** What the newest assignment asks of a participant. */
export function dueStep({ seen, answered, diverged, inHand }: AssignmentState, participant: string): DueStep {
  if (seen === undefined) return { type: 'go-on' };
  if (seen.dropped?.includes(participant)) return { type: 'dropped' };
  if (seen.type === 'finished') return { type: 'finish', assignment: seen };
  // The coordinator is merging, or restarting: its next assignment decides about the current work.
  if (seen.type === 'wait') return { type: 'go-on' };
  const key = keyOf(seen);
  const before = answered.get(key);
  const lost = before !== undefined && isEarlier(before, seen);
  const wanted =
    seen.waitingFor.includes(participant) && (before === undefined || lost) && !diverged.has(key);
  if (!wanted) return { type: 'rest' };
  const atWork = inHand?.key === key && !inHand.said && !inHand.stopped;
  return atWork ? { type: 'go-on' } : { type: 'begin', assignment: seen };
}

/** Whether an assignment is older than the newest one; it is ignored then. */
export const isStale = ({ seen }: AssignmentState, assignment: Assignment): boolean =>
  seen !== undefined && isEarlier(assignment, seen);

/** Two assignments that ask for the same have the same key. */
export function keyOf(assignment: AskingAssignment): string {
  const { type, round, attempt = 1 } = assignment;
  const blobs = blobsOfAssignment(assignment);
  const phase = type === 'compare-layers' ? assignment.phase : '';
  return [type, phase, round, attempt, ...blobs.map(({ sha256 }) => sha256)].join(' ');
}
