/**
 * Computes the status of a run from its state, and from the presence and progress of the
 * participants.
 */
import type { Progress } from '../../protocol/announcement.js';
import type { Status } from '../../protocol/status.js';
import { PROTOCOL_VERSION } from '../../protocol/version.js';
import { type Member, membersHere } from './membership.js';
import { currentPhase, handingIn, missingIn } from './open-phase.js';
import type { RoundRecord, RunState } from './round.js';
import { warningsOf } from './warnings.js';

/** A participant's presence, which a coordinator knows only while it runs. */
export interface Presence {
  readonly present: boolean;
  /** ISO 8601. */
  readonly since: string;
  readonly progress: Progress | undefined;
}

/** What a running coordinator knows beside the facts. */
export interface Live {
  readonly presences: ReadonlyMap<string, Presence>;
  /** Until when the final model can be fetched. */
  readonly farewell?: string | undefined;
}

/** More warnings than that nobody reads. */
const MOST_WARNINGS = 20;

/** @param live undefined when only the run's folder is read */
export function statusOf(state: RunState, live?: Live): Status {
  const { rules, rounds, members, stopped } = state;
  const current = rounds.at(-1) as RoundRecord;
  const { phase, waitingFor, received, deadline } = phaseOf(state, current, live);
  const merged = rounds.findLast((record) => Object.keys(record.merged?.merged ?? {}).length > 0)?.merged;
  const [test] = Object.values(merged?.merged ?? {});
  const warnings = warningsOf(state).slice(0, MOST_WARNINGS);
  const copied = rounds.findLast((record) => record.copied.size > 0)?.copied;
  return {
    protocol: PROTOCOL_VERSION,
    phase,
    round: current.round,
    rounds: rules.rounds,
    ...(rules.quorum !== undefined && { quorum: rules.quorum }),
    ...(deadline !== undefined && { deadline: deadline.at }),
    ...(deadline?.passed && { deadlinePassed: true }),
    waitingFor: [...waitingFor],
    received: [...received],
    participants: rules.participants.map((name) => {
      const [member, here] = [members.get(name), live?.presences.get(name)];
      const examples =
        member?.examples ?? rounds.findLast(({ updates }) => updates.has(name))?.updates.get(name)?.examples;
      const reason = state.dropped.has(name) ? undefined : member?.left?.reason;
      return {
        name,
        presence: state.dropped.has(name)
          ? 'dropped'
          : presenceOf(member, here, live !== undefined, members.size > 0),
        ...(here && { since: here.since }),
        ...(reason !== undefined && { reason }),
        ...(examples !== undefined && { examples }),
        ...(here?.present && here.progress && { progress: here.progress }),
      };
    }),
    metric: rules.metrics[0],
    ...(rules.unit !== undefined && { unit: rules.unit }),
    ...(test !== undefined && { test }),
    copied: Object.fromEntries(copied ?? []),
    ...(warnings.length > 0 && { warnings }),
    ...(state.rollbacks.length > 0 && { rollbacks: state.rollbacks.length }),
    ...(stopped !== undefined && { reason: stopped }),
  };
}

interface PhaseStatus {
  readonly phase: Status['phase'];
  readonly waitingFor: readonly string[];
  readonly received: readonly string[];
  readonly deadline?: { readonly at: string; readonly passed: boolean } | undefined;
}

function phaseOf(state: RunState, current: RoundRecord, live: Live | undefined): PhaseStatus {
  const phase = currentPhase(state);
  if (phase === undefined) {
    const at = live?.farewell;
    if (at === undefined) return { phase: 'finished', waitingFor: [], received: [] };
    return {
      phase: 'finished',
      waitingFor: membersHere(state.members),
      received: [],
      deadline: { at, passed: false },
    };
  }
  const { activity, name } = phase;
  if (phase.by === 'coordinator') {
    const received = current.closed[handingIn(state)?.name ?? '']?.counted ?? [];
    return { phase: activity, waitingFor: [], received };
  }
  const received = [...phase.done(current).keys()];
  const waitingFor = missingIn(phase, state, current);
  return { phase: activity, waitingFor, received, deadline: current.deadlines[name] };
}

/** @param joined whether any participant has joined; on one machine none does */
function presenceOf(
  member: Member | undefined,
  here: Presence | undefined,
  live: boolean,
  joined: boolean,
): Status['participants'][number]['presence'] {
  if (member?.left !== undefined) return 'left';
  if (here?.present) return 'here';
  if (member === undefined) return live || joined ? 'not joined' : 'unknown';
  return live ? 'gone' : 'unknown';
}
