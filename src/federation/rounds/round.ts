/**
 * What the rounds of a run are made of: its rules, what is known of a round, and the phases that a
 * round goes through. `rounds.ts` is the machine over them, `phases.ts` has the phases of today's
 * runs.
 */
import type { Figures, TaskMetrics } from '../../metrics/metric.js';
import { reached, type Target } from '../../metrics/target.js';
import type { Announcement } from '../../protocol/announcement.js';
import type { Assignment } from '../../protocol/assignment.js';
import type { Blob } from '../../protocol/blob-name.js';
import type { Members } from './membership.js';
import type { RoundEvent, UpdateRecord } from './round-events.js';
import type { Sampling } from './sampling.js';

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
  /** Whether it is that of the rounds' average, where that is the final model. */
  readonly refitsAverage?: boolean | undefined;
  /** Where not all take part in every round. The merged model is copied to all the same. */
  readonly sampling?: Sampling | undefined;
  /** Every so many rounds, and in the last, the models are evaluated; in every round by default. */
  readonly evaluateEvery?: number | undefined;
  /**
   * Those of the participants that attack: whether a copy is good enough is asked of the others.
   */
  readonly attackers?: readonly string[] | undefined;
  /** The attackers make their updates of the others', and so come after them. */
  readonly attackersWait?: boolean | undefined;
  /**
   * How many are enough for a phase whose deadline has passed, or whose others have left; all by
   * default.
   */
  readonly quorum?: number | undefined;
  /** How long a phase waits for everybody, where a quorum is enough. */
  readonly deadlineSeconds?: number | undefined;
  /** A participant that claims more examples is refused. */
  readonly mostExamples?: number | undefined;
  /** Where a run is run again: it ends with the last of these. */
  readonly recorded?: readonly RecordedRound[] | undefined;
}

/** A part of a round: work of participants, or of the coordinator with what they have handed in. */
export type Phase = ParticipantsPhase | CoordinatorPhase;

interface PhaseFacts {
  /** As facts and commands have it. */
  readonly name: string;
  /** What is going on in it, for people: "training". */
  readonly activity: string;
  /** Whether the round has this phase; asked once the phases before it are over. */
  isPartOf(state: RunState, record: RoundRecord): boolean;
}

/**
 * It is over when everybody who is due has handed in, or enough have by the deadline
 * (`membership.ts`).
 */
export interface ParticipantsPhase extends PhaseFacts {
  readonly by: 'participants';
  due(state: RunState, record: RoundRecord): readonly string[];
  /** Whether somebody who is due can begin; missing where everybody can. */
  mayBegin?(state: RunState, record: RoundRecord, participant: string): boolean;
  /** What has been handed in, by participant. */
  done(record: RoundRecord): ReadonlyMap<string, unknown>;
  /** The record without what this participant has handed in. */
  without(record: RoundRecord, participant: string): RoundRecord;
  /** How long it waits for everybody; undefined where it has no deadline. */
  deadlineSeconds(rules: RoundRules): number | undefined;
  /**
   * What an announcement of the phase should have and has not, in words; for phases without an
   * announcement of their own.
   */
  lacks?(said: Contributed, record: RoundRecord): string | undefined;
  /** What participants are asked for; who, and until when, is added to it. */
  ask(state: RunState, record: RoundRecord, facts: AssignmentFacts): Promise<AskedWork>;
}

/** It is over when its fact is there. */
export interface CoordinatorPhase extends PhaseFacts {
  readonly by: 'coordinator';
  isDone(record: RoundRecord): boolean;
}

export interface AssignmentFacts {
  /** The model that round 1 begins with, where one was given. */
  readonly initial: string | undefined;
  /** The SHA-256 of the final model, once the run is at its end. */
  readonly final: string | undefined;
  /** A blob that the coordinator has. */
  blobOf(sha256: string): Promise<Blob>;
}

type Without<One, Fields extends string> = One extends unknown ? Omit<One, Fields> : never;

/** An assignment without what numbers it among the coordinator's. */
export type Assigned = Without<Assignment, 'epoch' | 'sequence'>;

type Work = Extract<Assignment, { waitingFor: readonly string[] }>;
type AskedWork = Without<
  Work,
  'epoch' | 'sequence' | 'dropped' | 'rollbacks' | 'round' | 'attempt' | 'waitingFor' | 'deadline'
>;

type Contributed = Extract<Announcement, { type: 'contributed' }>;

/** How a participants' phase came to its end. */
export interface Closing {
  /** Whose work counts, in the order of the participants, once no other does. */
  readonly counted: readonly string[];
  /** Who had joined by then, and who had been dropped. */
  readonly members: Members;
  readonly dropped: ReadonlySet<string>;
}

/** A round of a run that is run again. */
export interface RecordedRound {
  /** By the names of the phases of participants. */
  readonly closed: Readonly<Record<string, Closing>>;
  /** The phase in which the run was ended, or cut off, if that was in this round. */
  readonly cutOffIn: string | undefined;
}

/** What a participant handed in for a phase that has no fact of its own. */
export type Contribution = Extract<RoundEvent, { type: 'contributed' }>;

export interface RoundRecord {
  readonly round: number;
  /**
   * How often this round was begun: 1, and one more each time that an operator went back to before
   * it.
   */
  readonly attempt: number;
  /** Who trains in it. */
  readonly participants: readonly string[];
  /** Whether its models are evaluated, and the run may end with it. */
  readonly evaluated: boolean;
  readonly updates: ReadonlyMap<string, UpdateRecord>;
  readonly merged: Extract<RoundEvent, { type: 'merged' }> | undefined;
  /** What the copy came to on the validation examples of each honest participant. */
  readonly copied: ReadonlyMap<string, Figures>;
  /**
   * By the coordinator's phase: the SHA-256 of what it made, where the phase has no fact of its
   * own.
   */
  readonly computed: Readonly<Record<string, string>>;
  /** By phase and participant. */
  readonly contributed: Readonly<Record<string, ReadonlyMap<string, Contribution>>>;
  readonly refitted: Extract<RoundEvent, { type: 'refitted' }> | undefined;
  readonly pooled: Extract<RoundEvent, { type: 'pooled-trained' }> | undefined;
  /** Of each participants' phase that is over. */
  readonly closed: Readonly<Record<string, Closing>>;
  /** Of each phase that has one. */
  readonly deadlines: Readonly<Record<string, { readonly at: string; readonly passed: boolean }>>;
}

export type StopReason = 'every-participant-passed' | 'max-rounds' | 'stopped';

export interface RunState {
  readonly rules: RoundRules;
  /** Of every round, in their order. */
  readonly phases: readonly Phase[];
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

/** A participant's part of a phase, or the coordinator's, where no participant is named. */
export interface PhaseCommand {
  readonly type: 'phase';
  readonly phase: string;
  readonly round: number;
  readonly participant?: string;
}

/** What is to be done. */
export type Command =
  | PhaseCommand
  | { readonly type: 'train-pooled'; readonly round: number }
  /** The fact is there already. */
  | { readonly type: 'record'; readonly round: number; readonly event: RoundEvent };

/** Whether a round's models are evaluated. */
export const isEvaluated = (
  { rounds, evaluateEvery = 1 }: Pick<RoundRules, 'rounds' | 'evaluateEvery'>,
  round: number,
) => round % evaluateEvery === 0 || round === rounds;

/** Those of the participants that do not attack. */
export function honestOf(participants: readonly string[], { attackers = [] }: RoundRules): readonly string[] {
  if (attackers.length === 0) return participants;
  const attacking = new Set(attackers);
  return participants.filter((participant) => !attacking.has(participant));
}

/** Whether every copy that counts passes the reference. */
export const passesReference = ({ rules: { reference }, dropped }: RunState, record: RoundRecord): boolean =>
  record.evaluated &&
  reference !== undefined &&
  [...record.copied].every(([name, figures]) => dropped.has(name) || reached(figures, reference));

/** Whether no round follows this one; asked once its copies are evaluated. */
export const isLastRound = (state: RunState, record: RoundRecord): boolean =>
  record.round === state.rules.rounds || passesReference(state, record);

/**
 * The model that a round leaves to the next: the merged one, or with its last layer refitted where
 * every copy is of that.
 */
export function copiedModel(
  { refit }: Pick<RoundRules, 'refit'>,
  { merged, refitted }: Pick<RoundRecord, 'merged' | 'refitted'>,
): { readonly type: 'merged' | 'refitted'; readonly sha256: string } | undefined {
  if (refit === 'every') return refitted && { type: 'refitted', sha256: refitted.sha256 };
  return merged && { type: 'merged', sha256: merged.sha256 };
}

/** The SHA-256 of the model that a round's training begins with; nothing for initial weights. */
export function baseOf({ rules, rounds }: RunState, round: number, initial?: string): string | undefined {
  const before = rounds[round - 2];
  return round === 1 ? initial : before && copiedModel(rules, before)?.sha256;
}
