/**
 * The rounds of a run as a pure state machine over a list of phases. Facts go in, commands come
 * out: nothing here knows time, files or threads. A driver carries out the commands that are due,
 * records the fact of each, and applies it to the state:
 *
 *     let state = store.events.reduce(applyEvent, startRun(rules));
 *     while (!isFinished(state)) {
 *       for (const command of dueCommands(state)) {
 *         const fact = await carryOut(command, state);
 *         await store.append(fact);
 *         state = applyEvent(state, fact);
 *       }
 *     }
 *     return state;
 *
 * The commands that are due can be carried out in parallel and in any order. A fact counts once it
 * is recorded. So the first line, which replays the journal, restores a run that was killed at any
 * time. `coordinator.ts` is this loop on one machine, with commands in parallel. Across machines
 * (`remote-rounds.ts`) the participants' commands become an assignment, and their announcements
 * become the facts; deadlines and operators add facts too.
 *
 * A round goes through the phases in order. A participants' phase is over when every participant
 * that is due has handed in. A quorum may be enough, once a deadline has passed or the others have
 * left (`membership.ts`). A coordinator's phase is over when its fact is recorded. After the last
 * phase the next round begins, or the run ends. A method that needs a phase of its own adds it to
 * the list (`phases.ts`); the machine does not change.
 *
 * An operator may drop a participant: no phase waits for it any more, and its work counts only if
 * the coordinator has already used it. When an operator goes back to an earlier round, the rounds
 * after it are void and begin anew, with a higher attempt. A run that is repeated takes the facts
 * of membership from its record (`recorded-rounds.ts`).
 */
import { awaitsNobody, withMember } from './membership.js';
import { currentPhase, handingIn, missingIn } from './open-phase.js';
import { phasesOf } from './phases.js';
import { recordedFact } from './recorded-rounds.js';
import {
  type Command,
  isEvaluated,
  isLastRound,
  type Phase,
  passesReference,
  type RoundRecord,
  type RoundRules,
  type RunState,
} from './round.js';
import type { RoundEvent } from './round-events.js';
import { sampleParticipants } from './sampling.js';
import { withFact } from './with-fact.js';

const nobody: ReadonlySet<string> = new Set();

/** @param phases of every round, in their order */
export function startRun(rules: RoundRules, phases: readonly Phase[] = phasesOf(rules)): RunState {
  return {
    ...{ rules, phases, rounds: [emptyRound(rules, 1, 1, nobody)], stopped: undefined },
    ...{ members: new Map(), dropped: nobody, rollbacks: [] },
  };
}

function emptyRound(
  rules: RoundRules,
  round: number,
  attempt: number,
  dropped: ReadonlySet<string>,
): RoundRecord {
  return {
    ...{
      round,
      attempt,
      participants: drawnFor(round, rules, dropped),
      evaluated: isEvaluated(rules, round),
    },
    ...{
      updates: new Map(),
      merged: undefined,
      copied: new Map(),
      shared: new Map(),
      contributed: {},
      computed: {},
    },
    ...{ refitted: undefined, pooled: undefined, closed: {}, deadlines: {} },
  };
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

/** The state after the event. An event that is known already changes nothing. */
export function applyEvent(state: RunState, event: RoundEvent): RunState {
  const record = state.rounds[event.round - 1];
  if (record === undefined) {
    throw new Error(`internal: ${event.type} of round ${event.round}, which has not begun`);
  }
  switch (event.type) {
    case 'rolled-back':
      return rolledBack(state, event.to);
    case 'dropped':
      return advance(dropped(state, event));
    case 'work-lost':
      return event.round === state.rounds.length
        ? advance(reopened(state, event.participant, event.phase))
        : state;
    case 'joined':
    case 'left':
      requireParticipant(state.rules.participants, event.participant, 'this run');
      return advance({ ...state, members: withMember(state.members, event) });
    case 'stopped':
      return { ...state, stopped: state.stopped ?? 'stopped' };
    case 'rounds-raised':
      return state;
    default:
      return advance(withRound(state, withFact(state, record, event)));
  }
}

const withRound = (state: RunState, record: RoundRecord): RunState => ({
  ...state,
  rounds: state.rounds.with(record.round - 1, record),
});

function requireParticipant(participants: readonly string[], participant: string, where: string) {
  if (participants.includes(participant)) return;
  throw new Error(`internal: "${participant}" takes no part in ${where}`);
}

function rolledBack(state: RunState, to: number): RunState {
  if (to >= state.rounds.length) throw new Error(`internal: round ${to} is not over, and is gone back to`);
  const rollbacks = [...state.rollbacks, to];
  const kept = { ...state, rounds: state.rounds.slice(0, to), stopped: undefined, rollbacks };
  return begun(kept);
}

/** The state with one more round. */
function begun(state: RunState): RunState {
  const { rules, rounds, dropped, rollbacks } = state;
  const round = rounds.length + 1;
  const attempt = 1 + rollbacks.filter((to) => to < round).length;
  return { ...state, rounds: [...rounds, emptyRound(rules, round, attempt, dropped)] };
}

/**
 * Another participant is drawn in its place, unless the coordinator has already used the round's
 * work.
 */
function dropped(before: RunState, event: Extract<RoundEvent, { type: 'dropped' }>): RunState {
  const { rules, phases, members } = before;
  requireParticipant(rules.participants, event.participant, 'this run');
  const dropped = new Set(before.dropped).add(event.participant);
  const state = reopened(
    { ...before, dropped, members: withMember(members, event) },
    event.participant,
    handingIn(before)?.name,
  );
  const last = state.rounds.at(-1) as RoundRecord;
  const fromTraining = phases.slice(phases.findIndex(({ name }) => name === 'train'));
  if (fromTraining.some((phase) => phase.by === 'coordinator' && phase.isDone(last))) return state;
  const participants = drawnFor(last.round, rules, dropped);
  return withRound(state, { ...last, participants });
}

/**
 * The state in which the participant's work in the open phase does not count. The others' work may
 * close the phase again.
 */
function reopened(state: RunState, participant: string, name: string | undefined): RunState {
  const phase = handingIn(state);
  // Work that the coordinator has used stays.
  if (phase === undefined || phase.name !== name) return state;
  const record = state.rounds.at(-1) as RoundRecord;
  const { [phase.name]: _, ...closed } = record.closed;
  return withRound(state, { ...phase.without(record, participant), closed });
}

/**
 * Closes the phase when it waits for nobody. Begins the next round, or ends the run, when no phase
 * is left.
 */
function advance(state: RunState): RunState {
  if (state.stopped !== undefined) return state;
  const record = state.rounds.at(-1) as RoundRecord;
  const phase = currentPhase(state);
  if (phase === undefined) {
    if (!isLastRound(state, record)) return begun(state);
    const stopped = passesReference(state, record) ? 'every-participant-passed' : 'max-rounds';
    return { ...state, stopped };
  }
  if (phase.by === 'coordinator') return state;
  const done = phase.done(record);
  // With thousands of participants this is asked thousands of times.
  if (state.rules.quorum === undefined && done.size < phase.due(state, record).length) return state;
  const missing = missingIn(phase, state, record);
  if (!awaitsNobody(state, record, phase.name, done.size, missing)) return state;
  const { members, dropped } = state;
  const counted = phase.due(state, record).filter((participant) => done.has(participant));
  const closed = { ...record.closed, [phase.name]: { counted, members, dropped } };
  return advance(withRound(state, { ...record, closed }));
}

/** The commands that are due; they can be carried out in parallel. */
export const dueCommands = (state: RunState): Command[] => [...eachDue(state)];

/** The same, one after the other: with thousands due, a driver takes the few that it begins. */
export function* eachDue(state: RunState): Generator<Command> {
  const { rules } = state;
  const phase = currentPhase(state);
  if (phase !== undefined) {
    const record = state.rounds.at(-1) as RoundRecord;
    const { round } = record;
    const then = rules.recorded?.[round - 1];
    const event = rules.recorded && recordedFact(then, phase, record, state);
    if (event !== undefined) {
      yield { type: 'record', round, event };
      return;
    }
    if (phase.by === 'coordinator') yield { type: 'phase', phase: phase.name, round };
    else {
      const others = then?.closed[phase.name]?.counted;
      const counted = others && new Set(others);
      const done = phase.done(record);
      for (const participant of phase.due(state, record)) {
        if (done.has(participant) || counted?.has(participant) === false) continue;
        if (phase.mayBegin?.(state, record, participant) === false) continue;
        yield { type: 'phase', phase: phase.name, round, participant };
      }
    }
  }
  // Pooled training follows the rounds one after the other: a round's updates say how many examples
  // it may see.
  const next = rules.pooled ? state.rounds.find((record) => record.pooled === undefined) : undefined;
  if (next?.closed.train !== undefined) yield { type: 'train-pooled', round: next.round };
}

/** Whether the run has ended and nothing is due. */
export const isFinished = (state: RunState) =>
  state.stopped !== undefined && eachDue(state).next().done === true;
