/**
 * A run that is run again from its record. Configuration and data decide all of it but what came from the world: who had
 * joined, whose updates and accuracies came in before a round went on without the others, and where it was ended. On one
 * machine these facts are taken as they are, whatever the clock says.
 */
import type { Member, Members } from './membership.js';
import type { RoundEvent } from './round-events.js';

export interface RecordedRound {
  /** Who had joined when it was closed, and when it was over. */
  readonly members: Members;
  readonly membersAfter: Members;
  /** Who had been dropped by then. */
  readonly dropped: ReadonlySet<string>;
  readonly droppedAfter: ReadonlySet<string>;
  /** Whose updates were merged. */
  readonly counted: readonly string[];
  /** Who said how good the copy is. */
  readonly copied: readonly string[];
  /** Whether the run was ended, or cut off, before it could go on. */
  readonly cutOff: boolean;
}

/** What is looked at here. */
interface Round {
  readonly round: number;
  readonly members: Members;
  readonly dropped: ReadonlySet<string>;
  readonly updates: ReadonlyMap<string, unknown>;
  readonly closed: readonly string[] | undefined;
  readonly merged: unknown;
  readonly copied: ReadonlyMap<string, unknown>;
}
interface Run {
  readonly rounds: readonly Round[];
  readonly members: Members;
  readonly dropped: ReadonlySet<string>;
  readonly stopped: string | undefined;
}

/** The rounds of a run that were merged. */
export function recordedRounds(run: Run): RecordedRound[] {
  const { rounds, stopped } = run;
  return rounds.flatMap(({ round, merged, members, dropped, closed = [], copied }) => {
    if (merged === undefined) return [];
    const next = rounds[round];
    const { members: membersAfter, dropped: droppedAfter } = next?.closed === undefined ? run : next;
    const cutOff = next === undefined && (stopped === undefined || stopped === 'stopped');
    const who = { members, membersAfter, dropped, droppedAfter };
    return [{ ...who, counted: closed, copied: [...copied.keys()], cutOff }];
  });
}

/**
 * The fact of the record that is next: that somebody joined or was dropped, that a deadline passed, that the run was ended.
 * @param then undefined after the last round of the record
 */
export function recordedFact(
  then: RecordedRound | undefined,
  { round, updates, closed, merged, copied }: Round,
  { members, dropped }: Pick<Run, 'members' | 'dropped'>,
): RoundEvent | undefined {
  if (then === undefined) return { type: 'stopped', round };
  if (closed !== undefined && merged === undefined) return undefined;
  // Who has not joined may not be waited for.
  const expected = closed === undefined ? then.members : then.membersAfter;
  const joined = [...expected].find(([name, member]) => !isSame(members.get(name), member));
  if (joined !== undefined) return joinedEvent(round, ...joined);
  const gone = (among: ReadonlySet<string>) => [...among].find((name) => !dropped.has(name));
  if (closed === undefined) {
    const participant = gone(then.dropped);
    if (participant !== undefined) return { type: 'dropped', round, participant };
    if (then.counted.every((name) => updates.has(name))) {
      return { type: 'deadline-passed', round, phase: 'train' };
    }
  } else if (then.copied.every((name) => copied.has(name))) {
    const participant = gone(then.droppedAfter);
    if (participant !== undefined && !then.cutOff) return { type: 'dropped', round, participant };
    return then.cutOff ? { type: 'stopped', round } : { type: 'deadline-passed', round, phase: 'evaluate' };
  }
  return undefined;
}

const isSame = (here: Member | undefined, { examples, validationExamples }: Member) =>
  here?.examples === examples && here.validationExamples === validationExamples;

function joinedEvent(round: number, participant: string, member: Member): RoundEvent {
  const { examples, validationExamples, labelCounts } = member;
  const counts = labelCounts && { labelCounts: [...labelCounts] };
  return { type: 'joined', round, participant, examples, validationExamples, ...counts };
}
