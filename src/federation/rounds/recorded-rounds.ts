/**
 * Repeats a run from its record. Configuration and data decide everything except outside events:
 * which participants had joined, whose work came in before a phase ended without the others, and
 * where the run was ended. The repetition takes these facts from the record, whatever the clock
 * says.
 */
import type { Member } from './membership.js';
import { openPhase } from './open-phase.js';
import type { Phase, RecordedRound, RoundRecord, RunState } from './round.js';
import type { RoundEvent } from './round-events.js';

/** The rounds of a run that were merged. */
export function recordedRounds(run: RunState): RecordedRound[] {
  const { rounds, members, dropped, stopped } = run;
  const open = stopped === undefined || stopped === 'stopped' ? openPhase(run) : undefined;
  return rounds.flatMap((record, index): RecordedRound[] => {
    if (record.merged === undefined) return [];
    if (open === undefined || index < rounds.length - 1)
      return [{ closed: record.closed, cutOffIn: undefined }];
    const counted = open.by === 'participants' ? [...open.done(record).keys()] : [];
    const closed = { ...record.closed, [open.name]: { counted, members, dropped } };
    return [{ closed, cutOffIn: open.name }];
  });
}

/**
 * The next fact of the record: that a participant joined or was dropped, that a deadline passed, or
 * that the run was ended.
 * @param then undefined after the last round of the record
 * @param phase that the round is in
 */
export function recordedFact(
  then: RecordedRound | undefined,
  phase: Phase,
  record: RoundRecord,
  { members, dropped }: Pick<RunState, 'members' | 'dropped'>,
): RoundEvent | undefined {
  const { round } = record;
  const stopped = { type: 'stopped', round } as const;
  if (then === undefined) return stopped;
  const isCutOff = then.cutOffIn === phase.name;
  if (phase.by === 'coordinator') return isCutOff ? stopped : undefined;
  const expected = then.closed[phase.name];
  // The round differs from the record, on another type of processor for example.
  if (expected === undefined) return stopped;
  // A phase may not wait for a participant that has not joined.
  const joined = [...expected.members].find(([name, member]) => !isSame(members.get(name), member));
  if (joined !== undefined) return joinedEvent(round, ...joined);
  const participant = [...expected.dropped].find((name) => !dropped.has(name));
  const drops = participant !== undefined && ({ type: 'dropped', round, participant } as const);
  // Another participant is drawn in the place of one that was dropped before the training was over.
  if (record.closed.train === undefined && drops) return drops;
  const done = phase.done(record);
  if (!expected.counted.every((name) => done.has(name))) return undefined;
  if (isCutOff) return stopped;
  return drops || { type: 'deadline-passed', round, phase: phase.name };
}

const isSame = (here: Member | undefined, { examples, validationExamples }: Member) =>
  here?.examples === examples && here.validationExamples === validationExamples;

function joinedEvent(round: number, participant: string, member: Member): RoundEvent {
  const { examples, validationExamples, labelCounts } = member;
  const counts = labelCounts && { labelCounts: [...labelCounts] };
  return { type: 'joined', round, participant, examples, validationExamples, ...counts };
}
