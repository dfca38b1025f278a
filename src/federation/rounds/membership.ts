/**
 * Says which participants are waited for. Participants join, leave and come back. These facts alone
 * change no round; they change when a phase stops waiting. A phase always ends when every
 * participant has handed in. It ends with a quorum once the deadline has passed, or once the
 * missing participants have left. A participant that has never joined is waited for until the first
 * deadline, and not again. So the order of the facts alone decides whose updates count.
 */
import type { RoundEvent } from './round-events.js';

export interface Member {
  /** The number of its own examples, for training and for validation. */
  readonly examples: number;
  readonly validationExamples: number;
  /** The number of examples of each category, if the participant opted in. */
  readonly labelCounts: readonly number[] | undefined;
  /** Set while it has left, with the reason. */
  readonly left: { readonly reason: string | undefined } | undefined;
  /** How often it joined or left, counted in the round of its last change. */
  readonly changes: { readonly round: number; readonly count: number };
}

export type Members = ReadonlyMap<string, Member>;

/**
 * No participant has a reason for more in one round, and every change is a line that stays in the
 * journal.
 */
const MOST_CHANGES = 100;

export const changesTooOften = (member: Member | undefined, round: number): boolean =>
  member?.changes.round === round && member.changes.count >= MOST_CHANGES;

export function withMember(members: Members, event: RoundEvent): Members {
  if (event.type === 'joined') {
    const { participant, examples, validationExamples, labelCounts } = event;
    return new Map(members).set(participant, {
      ...{ examples, validationExamples, labelCounts, left: undefined },
      changes: oneMoreChange(members.get(participant), event.round),
    });
  }
  if (event.type !== 'left' && event.type !== 'dropped') return members;
  const member = members.get(event.participant);
  return member === undefined
    ? members
    : new Map(members).set(event.participant, {
        ...member,
        left: { reason: event.type === 'left' ? event.reason : 'it was dropped by the operator' },
        changes: oneMoreChange(member, event.round),
      });
}

const oneMoreChange = (member: Member | undefined, round: number) => ({
  round,
  count: member?.changes.round === round ? member.changes.count + 1 : 1,
});

/** The part of a run's state that the rule below reads. */
interface Run {
  readonly rules: { readonly quorum?: number | undefined };
  readonly members: Members;
}
interface Round {
  readonly round: number;
  readonly deadlines: Readonly<Record<string, { readonly passed: boolean }>>;
}

/** The participants that have joined and not left. */
export const membersHere = (members: Members): string[] =>
  [...members].filter(([, { left }]) => left === undefined).map(([name]) => name);

/**
 * Whether a phase ends without the participants that are missing.
 * @param done how many have handed in
 */
export function awaitsNobody(
  { rules: { quorum }, members }: Run,
  { round, deadlines }: Round,
  phase: string,
  done: number,
  missing: readonly string[],
): boolean {
  if (missing.length === 0) return true;
  if (quorum === undefined || done < quorum) return false;
  if (deadlines[phase]?.passed === true) return true;
  const comingStill = round === 1 && !Object.values(deadlines).some(({ passed }) => passed);
  return missing.every((name) => {
    const member = members.get(name);
    return member === undefined ? !comingStill : member.left !== undefined;
  });
}
