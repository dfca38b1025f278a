/**
 * The parts of a run's state: its rules, the record of each round, and the phases of a round.
 * `rounds.ts` is the state machine over them; `phases.ts` has the list of phases.
 */
import type { Figures, TaskMetrics } from '../../metrics/metric.js';
import type { SharedSums } from '../../metrics/shared/shared-sums.js';
import { fallsShort, reached, type Target } from '../../metrics/target.js';
import type { Announcement } from '../../protocol/announcement.js';
import type { Assignment } from '../../protocol/assignment.js';
import type { Blob } from '../../protocol/blob-name.js';
import type { Members } from './membership.js';
import type { RoundEvent, UpdateRecord } from './round-events.js';
import type { Sampling } from './sampling.js';

export interface RoundRules {
  readonly participants: readonly string[];
  readonly rounds: number;
  /** The metrics by which models are measured, the main one first. */
  readonly metrics: TaskMetrics;
  /** What the task counts, such as "token", if it is not examples. */
  readonly unit?: string | undefined;
  /** The figure that the copy must reach at every participant for the run to end. */
  readonly reference: Target | undefined;
  readonly pooled: boolean;
  /**
   * When the last layer is refitted: before every copy, or after the last round. Never, if
   * undefined.
   */
  readonly refit?: 'every' | 'last' | undefined;
  /**
   * Whether round 1 begins with a survey of the participants' data, from which the coordinator
   * makes constants.
   */
  readonly survey?: boolean | undefined;
  /**
   * Whether the refit starts from the average of the rounds' models, because that is the final
   * model.
   */
  readonly refitsAverage?: boolean | undefined;
  /** Set if only some participants train in a round. The merged model is still copied to all. */
  readonly sampling?: Sampling | undefined;
  /** The models are evaluated every so many rounds, and in the last. By default in every round. */
  readonly evaluateEvery?: number | undefined;
  /** The participants that attack. Only the others decide whether a copy is good enough. */
  readonly attackers?: readonly string[] | undefined;
  /** The attackers compute their updates from the others', so they wait for them. */
  readonly attackersWait?: boolean | undefined;
  /**
   * How many participants are enough for a phase once its deadline has passed, or the others have
   * left. All by default.
   */
  readonly quorum?: number | undefined;
  /** How long a phase waits for every participant, if a quorum is enough. */
  readonly deadlineSeconds?: number | undefined;
  /** The largest number of examples; a participant that claims more is refused. */
  readonly mostExamples?: number | undefined;
  /** The record of an earlier run, to repeat it. The run ends with the last of these rounds. */
  readonly recorded?: readonly RecordedRound[] | undefined;
}

/**
 * A part of a round: work of the participants, or the coordinator's work with what they handed in.
 */
export type Phase = ParticipantsPhase | CoordinatorPhase;

interface PhaseFacts {
  /** The name in facts and commands. */
  readonly name: string;
  /** The activity, for people, such as "training". */
  readonly activity: string;
  /** Whether the round has this phase. Called once the phases before it are over. */
  isPartOf(state: RunState, record: RoundRecord): boolean;
}

/**
 * A phase that is over when every participant that is due has handed in, or enough have by the
 * deadline (`membership.ts`).
 */
export interface ParticipantsPhase extends PhaseFacts {
  readonly by: 'participants';
  due(state: RunState, record: RoundRecord): readonly string[];
  /** Whether a participant that is due can begin. If left out, every one can. */
  mayBegin?(state: RunState, record: RoundRecord, participant: string): boolean;
  /** The handed-in work, by participant. */
  done(record: RoundRecord): ReadonlyMap<string, unknown>;
  /** The record without this participant's work. */
  without(record: RoundRecord, participant: string): RoundRecord;
  /** How long the phase waits for every participant; undefined if it has no deadline. */
  deadlineSeconds(rules: RoundRules): number | undefined;
  /**
   * The SHA-256 of the model that the contributions are computed with. Left out if there is none.
   */
  model?(state: RunState, record: RoundRecord): string | undefined;
  /**
   * Says in words which field an announcement of the phase lacks. For phases without a type of
   * announcement of their own.
   */
  lacks?(said: Contributed, record: RoundRecord): string | undefined;
  /**
   * What participants are asked for. The names of the participants and the deadline are added to
   * it.
   */
  ask(state: RunState, record: RoundRecord, facts: AssignmentFacts): Promise<AskedWork>;
}

/** A phase that is over when its fact is recorded. */
export interface CoordinatorPhase extends PhaseFacts {
  readonly by: 'coordinator';
  isDone(record: RoundRecord): boolean;
}

/**
 * The common part of the phases to which every participant contributes, by facts without a type of
 * their own.
 */
export const contributedTo = (name: string) =>
  ({
    by: 'participants',
    name,
    due: ({ rules, dropped }: RunState) => rules.participants.filter((one) => !dropped.has(one)),
    done: (record: RoundRecord) => record.contributed[name] ?? new Map<string, never>(),
    without(record: RoundRecord, participant: string): RoundRecord {
      const others = new Map(record.contributed[name]);
      others.delete(participant);
      return { ...record, contributed: { ...record.contributed, [name]: others } };
    },
    deadlineSeconds: ({ deadlineSeconds }: RoundRules) => deadlineSeconds,
  }) as const;

export interface AssignmentFacts {
  /** The model that round 1 begins with, if one was given. */
  readonly initial: string | undefined;
  /** The SHA-256 of the final model, once the run has ended. */
  readonly final: string | undefined;
  /** The cut-off of the final model, if one was chosen. */
  readonly cutOff?: number | undefined;
  /** Describes a blob that the coordinator has. */
  blobOf(sha256: string): Promise<Blob>;
}

type Without<One, Fields extends string> = One extends unknown ? Omit<One, Fields> : never;

/** An assignment without its place in the order of assignments. */
export type Assigned = Without<Assignment, 'epoch' | 'sequence'>;

type Work = Extract<Assignment, { waitingFor: readonly string[] }>;
type AskedWork = Without<
  Work,
  'epoch' | 'sequence' | 'dropped' | 'rollbacks' | 'round' | 'attempt' | 'waitingFor' | 'deadline'
>;

type Contributed = Extract<Announcement, { type: 'contributed' }>;

/** How a participants' phase ended. */
export interface Closing {
  /** The participants whose work counts, in the order of the participants. */
  readonly counted: readonly string[];
  /** The participants that had joined by then, and those that had been dropped. */
  readonly members: Members;
  readonly dropped: ReadonlySet<string>;
}

/** A round of an earlier run that is repeated. */
export interface RecordedRound {
  /** How each participants' phase ended, by its name. */
  readonly closed: Readonly<Record<string, Closing>>;
  /** The phase in which the run ended or was cut off, if it was in this round. */
  readonly cutOffIn: string | undefined;
}

/** What a participant handed in for a phase that has no fact of its own. */
export type Contribution = Extract<RoundEvent, { type: 'contributed' }>;

export interface RoundRecord {
  readonly round: number;
  /**
   * How often this round was begun: 1, and one more each time an operator went back to before it.
   */
  readonly attempt: number;
  /** The participants that train in it. */
  readonly participants: readonly string[];
  /** Whether its models are evaluated, so that the run may end with it. */
  readonly evaluated: boolean;
  readonly updates: ReadonlyMap<string, UpdateRecord>;
  readonly merged: Extract<RoundEvent, { type: 'merged' }> | undefined;
  /** The figures of the copy on the validation examples of each honest participant. */
  readonly copied: ReadonlyMap<string, Figures>;
  /** The sums behind these figures, of the participants that share them. */
  readonly shared: ReadonlyMap<string, SharedSums>;
  /**
   * The SHA-256 of what the coordinator computed, by phase, for phases without a fact of their own.
   */
  readonly computed: Readonly<Record<string, string>>;
  /** The contributions, by phase and participant. */
  readonly contributed: Readonly<Record<string, ReadonlyMap<string, Contribution>>>;
  readonly refitted: Extract<RoundEvent, { type: 'refitted' }> | undefined;
  readonly pooled: Extract<RoundEvent, { type: 'pooled-trained' }> | undefined;
  /** How each participants' phase ended, for those that are over. */
  readonly closed: Readonly<Record<string, Closing>>;
  /** The deadlines of the phases that have one. */
  readonly deadlines: Readonly<Record<string, { readonly at: string; readonly passed: boolean }>>;
}

export type StopReason = 'every-participant-passed' | 'max-rounds' | 'stopped';

export interface RunState {
  readonly rules: RoundRules;
  /** The phases of every round, in order. */
  readonly phases: readonly Phase[];
  /** The rounds from the first to the current one. */
  readonly rounds: readonly RoundRecord[];
  readonly stopped: StopReason | undefined;
  /** The participants that have joined, across machines. */
  readonly members: Members;
  /** The participants that an operator dropped. */
  readonly dropped: ReadonlySet<string>;
  /** The round to which an operator went back, for each time. */
  readonly rollbacks: readonly number[];
}

/** One participant's work in a phase, or the coordinator's if no participant is named. */
export interface PhaseCommand {
  readonly type: 'phase';
  readonly phase: string;
  readonly round: number;
  readonly participant?: string;
}

/** One piece of work that is due. */
export type Command =
  | PhaseCommand
  | { readonly type: 'train-pooled'; readonly round: number }
  /** Only records a fact that is known already. */
  | { readonly type: 'record'; readonly round: number; readonly event: RoundEvent };

/** Whether a round's models are evaluated. */
export const isEvaluated = (
  { rounds, evaluateEvery = 1 }: Pick<RoundRules, 'rounds' | 'evaluateEvery'>,
  round: number,
) => round % evaluateEvery === 0 || round === rounds;

/** The participants that do not attack. */
export function honestOf(participants: readonly string[], { attackers = [] }: RoundRules): readonly string[] {
  if (attackers.length === 0) return participants;
  const attacking = new Set(attackers);
  return participants.filter((participant) => !attacking.has(participant));
}

/**
 * Whether every copy that counts reaches the reference. A copy whose figure its examples do not
 * define does not count, but one has to reach it.
 */
export function passesReference(
  { rules: { reference }, dropped }: Pick<RunState, 'rules' | 'dropped'>,
  { evaluated, copied }: Pick<RoundRecord, 'evaluated' | 'copied'>,
): boolean {
  if (!evaluated || reference === undefined) return false;
  const judged = [...copied].flatMap(([name, figures]) => (dropped.has(name) ? [] : [figures]));
  if (judged.some((figures) => fallsShort(figures, reference))) return false;
  return judged.length === 0 || judged.some((figures) => reached(figures, reference));
}

/** Whether no round follows this one. Called once its copies are evaluated. */
export const isLastRound = (state: RunState, record: RoundRecord): boolean =>
  record.round === state.rules.rounds || passesReference(state, record);

/**
 * The model that the next round begins with: the merged model, or the refitted one if the run
 * refits before every copy.
 */
export function copiedModel(
  { refit }: Pick<RoundRules, 'refit'>,
  { merged, refitted }: Pick<RoundRecord, 'merged' | 'refitted'>,
): { readonly type: 'merged' | 'refitted'; readonly sha256: string } | undefined {
  if (refit === 'every') return refitted && { type: 'refitted', sha256: refitted.sha256 };
  return merged && { type: 'merged', sha256: merged.sha256 };
}

/** The SHA-256 of the model that a round's training begins with; undefined for initial weights. */
export function baseOf({ rules, rounds }: RunState, round: number, initial?: string): string | undefined {
  const before = rounds[round - 2];
  return round === 1 ? initial : before && copiedModel(rules, before)?.sha256;
}
