/**
 * Says which participants are waited for. Participants join, leave and come back; by themselves
 * these facts change no round. They change when a phase stops waiting: with all participants,
 * always; with a quorum of them, once the deadline has passed or the missing ones have left. A
 * participant that has never joined is waited for until the first deadline, and not again. So the
 * order of the facts alone decides whose updates counted.
 */
import type { RoundEvent } from './round-events.js';

export interface Member {
  /** Of its own data: for training and for validation. */
  readonly examples: number;
  readonly validationExamples: number;
  /** Examples of each category, where it opted in. */
  readonly labelCounts: readonly number[] | undefined;
  /** Why it left, where it has. */
  readonly left: { readonly reason: string | undefined } | undefined;
  /** How often it has joined or left, in the round in which it did so last. */
  readonly changes: { readonly round: number; readonly count: number };
}

export type Members = ReadonlyMap<string, Member>;

/**
 * Nobody has a reason for more in one round; and every change is a line in the journal, for good.
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

/** What the rule below looks at. */
interface Run {
  readonly rules: { readonly quorum?: number | undefined };
  readonly members: Members;
}
interface Round {
  readonly round: number;
  readonly deadlines: Readonly<Record<string, { readonly passed: boolean }>>;
}

/** Who takes part at the moment: has joined, and not left. */
export const membersHere = (members: Members): string[] =>
  [...members].filter(([, { left }]) => left === undefined).map(([name]) => name);

/**
 * Whether a phase of a round goes on without those who are missing.
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
