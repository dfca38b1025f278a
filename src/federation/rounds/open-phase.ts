/** Says which phase a run is in, and which participants are missing in it. */
import { membersHere } from './membership.js';
import type { ParticipantsPhase, Phase, RoundRecord, RunState } from './round.js';

/** The phase that the current round is in; undefined once the run has ended. */
export function currentPhase(state: RunState): Phase | undefined {
  return state.stopped === undefined ? openPhase(state) : undefined;
}

/** The first phase of the last round that is not over. */
export function openPhase(state: RunState): Phase | undefined {
  const record = state.rounds.at(-1) as RoundRecord;
  const isOver = (phase: Phase) =>
    phase.by === 'coordinator' ? phase.isDone(record) : record.closed[phase.name] !== undefined;
  return state.phases.find((phase) => !isOver(phase) && phase.isPartOf(state, record));
}

/** The participants' phase that is open, or whose results the coordinator is working on. */
export function handingIn(state: RunState): ParticipantsPhase | undefined {
  const current = currentPhase(state);
  if (current?.by !== 'coordinator') return current;
  const record = state.rounds.at(-1) as RoundRecord;
  const before = state.phases.slice(0, state.phases.indexOf(current));
  return before.findLast(
    (phase): phase is ParticipantsPhase => phase.by === 'participants' && phase.isPartOf(state, record),
  );
}

/** The deadline of the phase that waits now, if it has one. */
export interface DueDeadline {
  readonly round: number;
  readonly phase: string;
  /** How long the phase waits in all. */
  readonly seconds: number;
  /** Undefined until the deadline is recorded. */
  readonly deadline: { readonly at: string; readonly passed: boolean } | undefined;
}

export function deadlineOf(state: RunState): DueDeadline | undefined {
  const { rules, rounds, members } = state;
  const phase = currentPhase(state);
  const seconds = phase?.by === 'participants' ? phase.deadlineSeconds(rules) : undefined;
  if (phase === undefined || seconds === undefined) return undefined;
  const { round, deadlines, closed } = rounds.at(-1) as RoundRecord;
  // The first round begins when enough participants are there.
  const isBeginning = round === 1 && Object.keys(closed).length === 0;
  if (isBeginning && membersHere(members).length < (rules.quorum ?? 0)) return undefined;
  return { round, phase: phase.name, seconds, deadline: deadlines[phase.name] };
}

/** The field `attempt` of a fact about the current round. */
export function inAttempt({ rounds }: RunState): { readonly attempt?: number } {
  const { attempt } = rounds.at(-1) as RoundRecord;
  return attempt > 1 ? { attempt } : {};
}

/** The participants that are due in a phase and have not handed in. */
export function missingIn(phase: ParticipantsPhase, state: RunState, record: RoundRecord): string[] {
  const done = phase.done(record);
  return phase.due(state, record).filter((name) => !done.has(name));
}
