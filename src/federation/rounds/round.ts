/**
 * The round as a pure state machine: what has happened → what is due. Events are facts, each recorded in the journal before
 * anything is built on it; `apply` adds one to the state, `due` says what the state asks for. Nothing here knows time, files
 * or threads, so replaying the journal restores a run to where it was.
 *
 *     training ──every update is in──▶ merging ──▶ copying ──every copy is evaluated──▶ training, or finished
 *
 * An operator may drop a participant, of whom nothing is expected from then on, and go back to an earlier round: those after it
 * are void, as if they had not been. Across machines a quorum may be enough, once a deadline has passed or nobody else is left (`membership.ts`). A run that is
 * run again takes from its record who was there (`recorded-rounds.ts`). A refit, features summed by everybody and then the last layer, comes between merging and copying, or after the end.
 */
import type { TaskMetrics } from '../../metrics/metric.js';
import { reached, type Target } from '../../metrics/target.js';
import { awaitsNobody, type Members, withMember } from './membership.js';
import { type RecordedRound, recordedFact } from './recorded-rounds.js';
import type { Phase, RoundEvent, UpdateRecord } from './round-events.js';
import { type Sampling, sampleParticipants } from './sampling.js';

export interface RoundRules {
  readonly participants: readonly string[];
  readonly rounds: number;
  /** By which models are measured, the main one first. */
  readonly metrics: TaskMetrics;
  /** What the copy has to reach with every participant for the run to end. */
  readonly reference: Target | undefined;
  readonly pooled: boolean;
  /** When the last layer is refitted, where it is: before every copy, or after the last round. */
  readonly refit?: 'every' | 'last' | undefined;
  /** Where not all take part in every round. The merged model is copied to all the same. */
  readonly sampling?: Sampling | undefined;
  /** Every so many rounds, and in the last, the models are evaluated; in every round by default. */
  readonly evaluateEvery?: number | undefined;
  /** Those of the participants that attack: whether a copy is good enough is asked of the others. */
  readonly attackers?: readonly string[] | undefined;
  /** The attackers make their updates of the others', and so come after them. */
  readonly attackersWait?: boolean | undefined;
  /** How many are enough for a round whose deadline has passed, or whose others have left; all by default. */
  readonly quorum?: number | undefined;
  /** More examples than that, nobody is believed to have. */
  readonly mostExamples?: number | undefined;
  /** Where a run is run again: it ends with the last of these. */
  readonly recorded?: readonly RecordedRound[] | undefined;
}

/** Who trains in a round. */
const drawnFor = (
  round: number,
  { participants, sampling }: Pick<RoundRules, 'participants' | 'sampling'>,
  dropped: ReadonlySet<string>,
): readonly string[] =>
  sampling === undefined
    ? participants.filter((name) => !dropped.has(name))
    : sampleParticipants(participants, sampling, round, dropped);

/** Those of the participants that do not attack. */
export function honestOf(participants: readonly string[], { attackers = [] }: RoundRules): readonly string[] {
  return participants.filter((participant) => !attackers.includes(participant));
}

export interface RoundRecord {
  readonly round: number;
  /** Who trains in it. */
  readonly participants: readonly string[];
  /** Whether its models are evaluated, and the run may end with it. */
  readonly evaluated: boolean;
  readonly updates: ReadonlyMap<string, UpdateRecord>;
  /** Whose updates count, in the order of the participants, once no other does. */
  readonly closed: readonly string[] | undefined;
  /** Who had joined by then, and who had been dropped. */
  readonly members: Members;
  readonly dropped: ReadonlySet<string>;
  readonly merged: Extract<RoundEvent, { type: 'merged' }> | undefined;
  /** Validation accuracy of the copy with each honest participant. */
  readonly copied: ReadonlyMap<string, number>;
  readonly pooled: Extract<RoundEvent, { type: 'pooled-trained' }> | undefined;
  /** The SHA-256 of the sums of features of each participant. */
  readonly features: ReadonlyMap<string, string>;
  readonly refitted: Extract<RoundEvent, { type: 'refitted' }> | undefined;
  /** Of each phase that has one. */
  readonly deadlines: Readonly<Partial<Record<Phase, { readonly at: string; readonly passed: boolean }>>>;
}

export type StopReason = 'every-participant-passed' | 'max-rounds' | 'stopped';

export interface RunState {
  readonly rules: RoundRules;
  /** From the first to the one that is under way, or the last. */
  readonly rounds: readonly RoundRecord[];
  readonly stopped: StopReason | undefined;
  /** Those that have joined, where participants come and go. */
  readonly members: Members;
  /** Those of whom an operator wants nothing any more. */
  readonly dropped: ReadonlySet<string>;
  /** After which round the run was taken up again, each time that an operator went back. */
  readonly rollbacks: readonly number[];
}

export type Command =
  | { readonly type: 'train'; readonly round: number; readonly participant: string }
  | { readonly type: 'merge'; readonly round: number }
  | { readonly type: 'evaluate-copy'; readonly round: number; readonly participant: string }
  | { readonly type: 'train-pooled'; readonly round: number }
  | { readonly type: 'sum-features'; readonly round: number; readonly participant: string }
  | { readonly type: 'refit'; readonly round: number }
  /** The fact is there already. */
  | { readonly type: 'record'; readonly round: number; readonly event: RoundEvent };

/** Whether a round's models are evaluated. */
export const isEvaluated = (
  { rounds, evaluateEvery = 1 }: Pick<RoundRules, 'rounds' | 'evaluateEvery'>,
  round: number,
) => round % evaluateEvery === 0 || round === rounds;

const nobody: ReadonlySet<string> = new Set();

const emptyRound = (rules: RoundRules, round: number, dropped: ReadonlySet<string>): RoundRecord => ({
  round,
  participants: drawnFor(round, rules, dropped),
  evaluated: isEvaluated(rules, round),
  updates: new Map(),
  closed: undefined,
  members: new Map(),
  dropped: nobody,
  merged: undefined,
  copied: new Map(),
  pooled: undefined,
  features: new Map(),
  refitted: undefined,
  deadlines: {},
});

export function startRun(rules: RoundRules): RunState {
  return {
    ...{ rules, rounds: [emptyRound(rules, 1, nobody)], stopped: undefined },
    ...{ members: new Map(), dropped: nobody, rollbacks: [] },
  };
}

/** The state after the event. An event that is known already changes nothing; one that cannot be is our error. */
export function applyEvent(state: RunState, event: RoundEvent): RunState {
  const record = state.rounds[event.round - 1];
  if (record === undefined)
    throw new Error(`internal: ${event.type} of round ${event.round}, which has not begun`);
  if (event.type === 'rolled-back') return rolledBack(state, event.to);
  if (event.type === 'dropped') return advance(without(state, event));
  const next = withEvent(state.rules, record, event);
  return advance({
    ...state,
    rounds: state.rounds.with(event.round - 1, next),
    members: withMember(state.members, event),
    stopped: event.type === 'stopped' ? (state.stopped ?? 'stopped') : state.stopped,
  });
}

function rolledBack(state: RunState, to: number): RunState {
  const { rules, dropped } = state;
  if (to >= state.rounds.length) throw new Error(`internal: round ${to} is not over, and is gone back to`);
  return {
    ...state,
    rounds: [...state.rounds.slice(0, to), emptyRound(rules, to + 1, dropped)],
    stopped: undefined,
    rollbacks: [...state.rollbacks, to],
  };
}

/** Of a round that is not merged yet, the update goes too: it is closed again by what the others have handed in. */
function without(state: RunState, event: Extract<RoundEvent, { type: 'dropped' }>): RunState {
  const { rules } = state;
  requireParticipant(rules.participants, event.participant, 'this run');
  const dropped = new Set(state.dropped).add(event.participant);
  const last = state.rounds.at(-1) as RoundRecord;
  const participants = drawnFor(last.round, rules, dropped);
  const updates = new Map([...last.updates].filter(([name]) => participants.includes(name)));
  const open = last.merged === undefined && { participants, updates, closed: undefined };
  return {
    ...{ ...state, dropped, members: withMember(state.members, event) },
    rounds: state.rounds.with(last.round - 1, { ...last, ...open }),
  };
}

type RecordEvent = Exclude<RoundEvent, { type: 'dropped' | 'rolled-back' }>;

function withEvent(rules: RoundRules, record: RoundRecord, event: RecordEvent): RoundRecord {
  switch (event.type) {
    case 'update-received': {
      const { participant } = event.update;
      requireParticipant(rules.participants, participant, 'this run');
      requireParticipant(record.participants, participant, `round ${record.round}`);
      if (record.updates.has(participant)) return record;
      if (record.closed !== undefined) {
        throw new Error(
          `internal: the update of "${participant}" came after round ${record.round} was closed`,
        );
      }
      return { ...record, updates: new Map(record.updates).set(participant, event.update) };
    }
    case 'merged':
      if (record.closed === undefined) {
        throw new Error(`internal: round ${event.round} is merged before it is closed`);
      }
      return record.merged === undefined ? { ...record, merged: event } : record;
    case 'copy-evaluated':
      requireParticipant(rules.participants, event.participant, 'this run');
      return { ...record, copied: new Map(record.copied).set(event.participant, event.validationAccuracy) };
    case 'pooled-trained':
      return { ...record, pooled: event };
    case 'features-summed':
      requireParticipant(rules.participants, event.participant, 'this run');
      return { ...record, features: new Map(record.features).set(event.participant, event.sha256) };
    case 'refitted':
      return { ...record, refitted: event };
    case 'deadline-set':
      return withDeadline(record, event.phase, { at: event.at, passed: false });
    case 'deadline-passed': {
      const { at } = record.deadlines[event.phase] ?? { at: '' };
      return withDeadline(record, event.phase, { at, passed: true });
    }
    case 'update-lost': {
      if (record.merged !== undefined) return record;
      const updates = new Map(record.updates);
      updates.delete(event.participant);
      return { ...record, updates, closed: undefined };
    }
    case 'joined':
    case 'left':
      requireParticipant(rules.participants, event.participant, 'this run');
      return record;
    case 'rounds-raised':
    case 'stopped':
      return record;
  }
}

const withDeadline = (
  record: RoundRecord,
  phase: Phase,
  deadline: { readonly at: string; readonly passed: boolean },
): RoundRecord => ({ ...record, deadlines: { ...record.deadlines, [phase]: deadline } });

function requireParticipant(participants: readonly string[], participant: string, where: string) {
  if (!participants.includes(participant)) {
    throw new Error(`internal: "${participant}" takes no part in ${where}`);
  }
}

/** Closes the round when no other update is waited for; begins the next, or ends, when no other copy is. */
function advance(state: RunState): RunState {
  const { rules, rounds } = state;
  const last = rounds.at(-1) as RoundRecord;
  if (state.stopped !== undefined) return state;
  if (last.closed === undefined) {
    if (!awaitsNobody(state, last, 'train', missingUpdates(last))) return state;
    const closed = last.participants.filter((participant) => last.updates.has(participant));
    const { members, dropped } = state;
    return { ...state, rounds: rounds.with(last.round - 1, { ...last, closed, members, dropped }) };
  }
  if (
    last.merged === undefined ||
    (rules.refit === 'every' && last.refitted === undefined) ||
    (last.evaluated && !awaitsNobody(state, last, 'evaluate', missingCopies(state, last)))
  ) {
    return state;
  }
  const { reference } = rules;
  if (
    last.evaluated &&
    reference !== undefined &&
    [...last.copied].every(([name, accuracy]) => state.dropped.has(name) || reached({ accuracy }, reference))
  ) {
    return { ...state, stopped: 'every-participant-passed' };
  }
  if (last.round === rules.rounds) return { ...state, stopped: 'max-rounds' };
  return { ...state, rounds: [...rounds, emptyRound(rules, last.round + 1, state.dropped)] };
}

/** Whose updates are not in. */
export const missingUpdates = ({ participants, updates }: RoundRecord) =>
  participants.filter((participant) => !updates.has(participant));

/** Those that have not said how good the copy is with them. */
export const missingCopies = ({ rules, dropped }: RunState, { copied }: RoundRecord) =>
  honestOf(rules.participants, rules).filter((name) => !copied.has(name) && !dropped.has(name));

/** What the state asks for; all of it can be done at the same time. */
export function dueCommands(state: RunState): Command[] {
  const { rules } = state;
  const { participants, pooled } = rules;
  const commands: Command[] = [];
  const current = state.rounds.at(-1) as RoundRecord;
  const { round } = current;
  const then = rules.recorded?.[round - 1];
  if (state.stopped === undefined) {
    const event = rules.recorded && recordedFact(then, current, state);
    if (event !== undefined) return [{ type: 'record', round, event }];
    if (current.merged !== undefined && rules.refit === 'every' && current.refitted === undefined) {
      commands.push(...refitCommands(current, participants));
    } else if (current.merged !== undefined) {
      for (const participant of missingCopies(state, current)) {
        if (then === undefined || then.copied.includes(participant))
          commands.push({ type: 'evaluate-copy', round, participant });
      }
    } else if (current.closed !== undefined) {
      commands.push({ type: 'merge', round });
    } else {
      const honest = honestOf(current.participants, rules);
      const waiting = rules.attackersWait && honest.some((name) => !current.updates.has(name));
      for (const participant of missingUpdates(current)) {
        if (then !== undefined && !then.counted.includes(participant)) continue;
        if (!waiting || honest.includes(participant)) commands.push({ type: 'train', round, participant });
      }
    }
  }
  const refitLast = rules.refit === 'last' && current.merged !== undefined && current.refitted === undefined;
  if (state.stopped !== undefined && refitLast) {
    commands.push(...refitCommands(current, participants));
  }
  // Pooled training follows the rounds, one after the other: how many images it may see is known when their updates are in.
  const next = pooled ? state.rounds.find((record) => record.pooled === undefined) : undefined;
  if (next?.closed !== undefined) {
    commands.push({ type: 'train-pooled', round: next.round });
  }
  return commands;
}

function refitCommands({ round, features }: RoundRecord, participants: readonly string[]): Command[] {
  const missing = participants.filter((participant) => !features.has(participant));
  if (missing.length === 0) return [{ type: 'refit', round }];
  return missing.map((participant) => ({ type: 'sum-features', round, participant }));
}

/** Nothing is due any more. */
export const isFinished = (state: RunState) => state.stopped !== undefined && dueCommands(state).length === 0;
