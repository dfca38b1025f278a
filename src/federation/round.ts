/**
 * The round as a pure state machine: what has happened → what is due. Events are facts, each recorded in the journal before
 * anything is built on it; `apply` adds one to the state, `due` says what the state asks for. Nothing here knows time, files
 * or threads, so replaying the journal restores a run to where it was.
 *
 *     training ──every update is in──▶ merging ──▶ copying ──every copy is evaluated──▶ training, or finished
 *
 * A refit, features summed by everybody and then the last layer, comes between merging and copying, or after the end.
 */
import { z } from 'zod';
import { type Sampling, sampleParticipants } from './sampling.js';

const accuracySchema = z.number().min(0).max(1);
const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/** What a participant did in a round. */
const updateSchema = z.strictObject({
  participant: z.string(),
  sha256: sha256Schema,
  examples: z.int().positive(),
  /** Where the work is counted in epochs; else in steps. */
  epochs: z.int().positive().optional(),
  steps: z.int().positive().optional(),
  images: z.int().positive(),
  loss: z.number(),
  validationAccuracy: accuracySchema.optional(),
  /** SCAFFOLD's control variates: the participant's own after the round, and its change, which travels. */
  controls: z.strictObject({ own: sha256Schema, change: sha256Schema }).optional(),
  /** What travels with it where a strategy wants it: the Fisher information. */
  fisher: sha256Schema.optional(),
  seconds: z.number(),
});
export type UpdateRecord = z.output<typeof updateSchema>;

const round = z.int().positive();
export const roundEventSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('update-received'), round, update: updateSchema }),
  z.strictObject({
    type: z.literal('merged'),
    round,
    sha256: sha256Schema,
    /** The server optimizer's slots after the round, and the average of the rounds' models, where there is one. */
    server: sha256Schema.optional(),
    average: sha256Schema.optional(),
    /** Test accuracy of every strategy's model, the copied one's first. */
    merged: z.record(z.string(), accuracySchema),
    /** Test accuracy of the participants' own models, before they are merged. */
    own: z.record(z.string(), accuracySchema),
    /** SCAFFOLD's common control variate after the round. */
    control: sha256Schema.optional(),
    seconds: z.number(),
  }),
  z.strictObject({
    type: z.literal('copy-evaluated'),
    round,
    participant: z.string(),
    validationAccuracy: accuracySchema,
  }),
  z.strictObject({
    type: z.literal('features-summed'),
    round,
    participant: z.string(),
    sha256: sha256Schema,
  }),
  z.strictObject({
    type: z.literal('refitted'),
    round,
    sha256: sha256Schema,
    /** By which the least-squares scores are multiplied to be logits. */
    scale: z.number().positive(),
    testAccuracy: accuracySchema,
  }),
  z.strictObject({
    type: z.literal('pooled-trained'),
    round,
    sha256: sha256Schema,
    images: z.int().positive(),
    testAccuracy: accuracySchema.optional(),
  }),
]);
export type RoundEvent = z.output<typeof roundEventSchema>;

export interface RoundRules {
  readonly participants: readonly string[];
  readonly rounds: number;
  readonly reference: number | undefined;
  readonly pooled: boolean;
  /** When the last layer is refitted, where it is: before every copy, or after the last round. */
  readonly refit?: 'every' | 'last' | undefined;
  /** Where not all take part in every round. The merged model is copied to all the same. */
  readonly sampling?: Sampling | undefined;
  /** Every so many rounds, and in the last, the models are evaluated; in every round by default. */
  readonly evaluateEvery?: number | undefined;
  /** Those of the participants that attack: whether a copy is good enough is asked of the others. */
  readonly attackers?: readonly string[] | undefined;
  /** The attackers make their updates of the others', and so come after them. */
  readonly attackersWait?: boolean | undefined;
}

/** Who trains in a round. */
export const drawnFor = (
  round: number,
  { participants, sampling }: Pick<RoundRules, 'participants' | 'sampling'>,
): readonly string[] =>
  sampling === undefined ? participants : sampleParticipants(participants, sampling, round);

/** Those of the participants that do not attack. */
export function honestOf(participants: readonly string[], { attackers = [] }: RoundRules): readonly string[] {
  return participants.filter((participant) => !attackers.includes(participant));
}

export interface RoundRecord {
  readonly round: number;
  /** Who trains in it. */
  readonly participants: readonly string[];
  /** Whether its models are evaluated, and the run may end with it. */
  readonly evaluated: boolean;
  readonly updates: ReadonlyMap<string, UpdateRecord>;
  readonly merged: Extract<RoundEvent, { type: 'merged' }> | undefined;
  /** Validation accuracy of the copy with each honest participant. */
  readonly copied: ReadonlyMap<string, number>;
  readonly pooled: Extract<RoundEvent, { type: 'pooled-trained' }> | undefined;
  /** The SHA-256 of the sums of features of each participant. */
  readonly features: ReadonlyMap<string, string>;
  readonly refitted: Extract<RoundEvent, { type: 'refitted' }> | undefined;
}

export type StopReason = 'every-participant-passed' | 'max-rounds';

export interface RunState {
  readonly rules: RoundRules;
  /** From the first to the one that is under way, or the last. */
  readonly rounds: readonly RoundRecord[];
  readonly stopped: StopReason | undefined;
}

export type Command =
  | { readonly type: 'train'; readonly round: number; readonly participant: string }
  | { readonly type: 'merge'; readonly round: number }
  | { readonly type: 'evaluate-copy'; readonly round: number; readonly participant: string }
  | { readonly type: 'train-pooled'; readonly round: number }
  | { readonly type: 'sum-features'; readonly round: number; readonly participant: string }
  | { readonly type: 'refit'; readonly round: number };

/** Whether a round's models are evaluated. */
export const isEvaluated = (
  { rounds, evaluateEvery = 1 }: Pick<RoundRules, 'rounds' | 'evaluateEvery'>,
  round: number,
) => round % evaluateEvery === 0 || round === rounds;

const emptyRound = (rules: RoundRules, round: number): RoundRecord => ({
  round,
  participants: drawnFor(round, rules),
  evaluated: isEvaluated(rules, round),
  updates: new Map(),
  merged: undefined,
  copied: new Map(),
  pooled: undefined,
  features: new Map(),
  refitted: undefined,
});

export function startRun(rules: RoundRules): RunState {
  return { rules, rounds: [emptyRound(rules, 1)], stopped: undefined };
}

/** The state after the event. An event that is known already changes nothing; one that cannot be is our error. */
export function applyEvent(state: RunState, event: RoundEvent): RunState {
  const record = state.rounds[event.round - 1];
  if (record === undefined)
    throw new Error(`internal: ${event.type} of round ${event.round}, which has not begun`);
  return advance({
    ...state,
    rounds: state.rounds.with(event.round - 1, withEvent(state.rules, record, event)),
  });
}

function withEvent(rules: RoundRules, record: RoundRecord, event: RoundEvent): RoundRecord {
  switch (event.type) {
    case 'update-received': {
      const { participant } = event.update;
      requireParticipant(rules.participants, participant, 'this run');
      requireParticipant(record.participants, participant, `round ${record.round}`);
      if (record.updates.has(participant)) return record;
      return { ...record, updates: new Map(record.updates).set(participant, event.update) };
    }
    case 'merged':
      if (record.updates.size < record.participants.length) {
        throw new Error(`internal: round ${event.round} is merged before every update is in`);
      }
      return record.merged === undefined ? { ...record, merged: event } : record;
    case 'copy-evaluated':
      requireParticipant(rules.participants, event.participant, 'this run');
      return { ...record, copied: new Map(record.copied).set(event.participant, event.validationAccuracy) };
    case 'pooled-trained':
      return { ...record, pooled: event };
    case 'features-summed':
      requireParticipant(rules.participants, event.participant, 'this run');
      return { ...record, features: new Map(record.features).set(event.participant, event.sha256) };
    case 'refitted':
      return { ...record, refitted: event };
  }
}

function requireParticipant(participants: readonly string[], participant: string, where: string) {
  if (!participants.includes(participant)) {
    throw new Error(`internal: "${participant}" takes no part in ${where}`);
  }
}

/** When every copy of the last round is evaluated, or the round is not: the end, or the next round. */
function advance(state: RunState): RunState {
  const { rules, rounds } = state;
  const last = rounds.at(-1) as RoundRecord;
  if (
    state.stopped !== undefined ||
    last.merged === undefined ||
    (rules.refit === 'every' && last.refitted === undefined) ||
    (last.evaluated && last.copied.size < honestOf(rules.participants, rules).length)
  ) {
    return state;
  }
  const { reference } = rules;
  if (
    last.evaluated &&
    reference !== undefined &&
    [...last.copied.values()].every((accuracy) => accuracy >= reference)
  ) {
    return { ...state, stopped: 'every-participant-passed' };
  }
  if (last.round === rules.rounds) return { ...state, stopped: 'max-rounds' };
  return { ...state, rounds: [...rounds, emptyRound(rules, last.round + 1)] };
}

/** What the state asks for; all of it can be done at the same time. */
export function dueCommands(state: RunState): Command[] {
  const { rules } = state;
  const { participants, pooled } = rules;
  const commands: Command[] = [];
  const current = state.rounds.at(-1) as RoundRecord;
  const { round } = current;
  if (state.stopped === undefined) {
    if (current.merged !== undefined && rules.refit === 'every' && current.refitted === undefined) {
      commands.push(...refitCommands(current, participants));
    } else if (current.merged !== undefined) {
      for (const participant of honestOf(participants, rules)) {
        if (!current.copied.has(participant)) commands.push({ type: 'evaluate-copy', round, participant });
      }
    } else if (current.updates.size === current.participants.length) {
      commands.push({ type: 'merge', round });
    } else {
      const honest = honestOf(current.participants, rules);
      const waiting = rules.attackersWait && honest.some((name) => !current.updates.has(name));
      for (const participant of waiting ? honest : current.participants) {
        if (!current.updates.has(participant)) commands.push({ type: 'train', round, participant });
      }
    }
  }
  if (state.stopped !== undefined && rules.refit === 'last' && current.refitted === undefined) {
    commands.push(...refitCommands(current, participants));
  }
  // Pooled training follows the rounds, one after the other: how many images it may see is known when their updates are in.
  const next = pooled ? state.rounds.find((record) => record.pooled === undefined) : undefined;
  if (next !== undefined && next.updates.size === next.participants.length) {
    commands.push({ type: 'train-pooled', round: next.round });
  }
  return commands;
}

function refitCommands({ round, features }: RoundRecord, participants: readonly string[]): Command[] {
  const missing = participants.filter((participant) => !features.has(participant));
  if (missing.length === 0) return [{ type: 'refit', round }];
  return missing.map((participant) => ({ type: 'sum-features', round, participant }));
}

/** Nothing is due any more. */
export const isFinished = (state: RunState) => state.stopped !== undefined && dueCommands(state).length === 0;
