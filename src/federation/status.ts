/** The status of a run, from its state and from what a coordinator knows of its participants at the moment. */
import type { Progress } from '../protocol/announcement.js';
import type { Status } from '../protocol/status.js';
import { PROTOCOL_VERSION } from '../protocol/version.js';
import { missingCopies, missingUpdates, type RoundRecord, type RunState } from './round.js';

/** Of a participant, as long as its coordinator lives. */
export interface Seen {
  readonly present: boolean;
  /** ISO 8601. */
  readonly since: string;
  readonly progress: Progress | undefined;
}

/** @param seen nothing where only the run's folder is looked at */
export function statusOf(state: RunState, seen?: ReadonlyMap<string, Seen>): Status {
  const { rules, rounds, members, stopped } = state;
  const current = rounds.at(-1) as RoundRecord;
  const { phase, waitingFor } = phaseOf(state, current);
  const step = phase === 'training' ? 'train' : phase === 'evaluating' ? 'evaluate' : undefined;
  const { at: deadline, passed = false } = (step && current.deadlines[step]) ?? {};
  const merged = rounds.findLast((record) => Object.keys(record.merged?.merged ?? {}).length > 0)?.merged;
  const [testAccuracy] = Object.values(merged?.merged ?? {});
  const copied = rounds.findLast((record) => record.copied.size > 0)?.copied;
  return {
    protocol: PROTOCOL_VERSION,
    phase,
    round: current.round,
    rounds: rules.rounds,
    ...(rules.quorum !== undefined && { quorum: rules.quorum }),
    ...(deadline !== undefined && { deadline }),
    ...(passed && { deadlinePassed: true }),
    waitingFor: [...waitingFor],
    participants: rules.participants.map((name) => {
      const [member, here] = [members.get(name), seen?.get(name)];
      const reason = member?.left?.reason;
      return {
        name,
        presence: presenceOf(member, here, seen !== undefined),
        ...(here && { since: here.since }),
        ...(reason !== undefined && { reason }),
        ...(member && { examples: member.examples }),
        ...(here?.present && here.progress && { progress: here.progress }),
      };
    }),
    ...(testAccuracy !== undefined && { testAccuracy }),
    copied: Object.fromEntries(copied ?? []),
    ...(stopped !== undefined && { reason: stopped }),
  };
}

function phaseOf(
  state: RunState,
  current: RoundRecord,
): { phase: Status['phase']; waitingFor: readonly string[] } {
  if (state.stopped !== undefined) return { phase: 'finished', waitingFor: [] };
  if (current.closed === undefined) return { phase: 'training', waitingFor: missingUpdates(current) };
  if (current.merged === undefined) return { phase: 'merging', waitingFor: [] };
  return { phase: 'evaluating', waitingFor: missingCopies(state, current) };
}

function presenceOf(
  member: { readonly left: unknown } | undefined,
  here: Seen | undefined,
  live: boolean,
): Status['participants'][number]['presence'] {
  if (member?.left !== undefined) return 'left';
  if (here?.present) return 'here';
  if (member === undefined) return 'not joined';
  return live ? 'gone' : 'unknown';
}
