/**
 * The result of a run: the object that `--json` writes. Figures have the names of the task's
 * metrics as keys; a percentage is a fraction.
 */
import { z } from 'zod';
import type { Decision } from '../../metrics/cut-off.js';
import type { Figures, TaskMetrics } from '../../metrics/metric.js';
import { type FiguresTogether, figuresTogether } from '../../metrics/shared/together.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import type { roundResultSchema } from '../../protocol/view.js';
import { bestRound } from '../rounds/best-round.js';
import type { RoundRecord, RoundRules, RunState, StopReason } from '../rounds/round.js';

export type RoundResult = z.output<typeof roundResultSchema>;

/**
 * On fewer examples a figure says little: an accuracy then has a standard error of several points.
 */
export const FEW_VALIDATION_EXAMPLES = 30;

export const fewExamplesSchema = z.object({ name: z.string(), examples: z.int().nonnegative() });
type FewExamples = z.output<typeof fewExamplesSchema>;

/** The file of a participant's own model. */
export interface PersonalFile {
  readonly name: string;
  readonly file: string;
}

export interface RunResult {
  readonly dataset: string;
  readonly partition: Configuration['partition'];
  readonly seed: number;
  readonly strategy: string;
  readonly settings: Configuration;
  readonly versions: Readonly<Record<string, string>>;
  /** The metrics by which models are measured, the main one first. */
  readonly metrics: TaskMetrics;
  readonly participants: readonly string[];
  /** The participants with so few validation examples that their figures say little. */
  readonly fewValidationExamples?: readonly FewExamples[];
  /** The participants that attack, if any do. */
  readonly attackers?: readonly string[];
  readonly rounds: readonly RoundResult[];
  readonly pooled?: { readonly test: Figures };
  /**
   * The round whose copied model was best by the main metric on the participants' validation
   * examples, and that figure. With `settings.finalRound` "best" its model is the final one.
   */
  readonly best?: { readonly round: number; readonly validation: Figures };
  /**
   * The probability from which on the second of two categories is predicted, if the settings ask
   * for one (`settings.decision`) and it could be chosen.
   */
  readonly decision?: Decision;
  /**
   * The participants that shared the sums behind their figures in some round. On one machine they
   * are not listed.
   */
  readonly sharing?: readonly string[];
  readonly stopped: {
    readonly reason: StopReason | 'interrupted' | 'diverged';
    readonly round: number;
  };
  readonly model?: { readonly file: string; readonly sha256: string };
  /**
   * The participants' own models, if some tensors or statistics stay with their owners
   * (`settings.share`, `settings.preprocessing.statistics`). Then `model` has only the shared part.
   * The test figures of a round are those of its participants' personal models, all together.
   */
  readonly personal?: readonly PersonalFile[];
}

export interface ResultParts {
  readonly configuration: Configuration;
  readonly state: RunState;
  readonly versions: Readonly<Record<string, string>>;
  /** Why a run ended before it was finished. */
  readonly cutShort?: 'interrupted' | 'diverged';
  readonly decision?: Decision;
  readonly model?: { readonly file: string; readonly sha256: string };
  readonly personal?: readonly PersonalFile[];
  /**
   * The number of validation examples of each participant, on one machine, where no fact has them.
   */
  readonly validationExamples?: readonly FewExamples[] | undefined;
}

export function runResult({
  configuration,
  state,
  versions,
  cutShort,
  decision,
  model,
  personal,
  validationExamples = membersExamples(state),
}: ResultParts): RunResult {
  const few = validationExamples.filter(({ examples }) => examples < FEW_VALIDATION_EXAMPLES);
  const { metrics, participants, attackers } = state.rules;
  const best = bestRound(state.rounds, metrics[0]);
  const sharing = participants.filter((name) => state.rounds.some(({ shared }) => shared.has(name)));
  const isListed = state.members.size > 0 && (sharing.length > 0 || configuration.decision !== undefined);
  const pooled = state.rounds.findLast(({ pooled }) => pooled?.test !== undefined)?.pooled?.test;
  return {
    dataset: configuration.dataset,
    partition: configuration.partition,
    seed: configuration.seed,
    strategy: configuration.strategy,
    settings: configuration,
    versions,
    metrics,
    participants,
    ...(few.length > 0 && { fewValidationExamples: few }),
    ...(attackers && { attackers }),
    rounds: roundResults(state),
    ...(pooled === undefined ? {} : { pooled: { test: pooled } }),
    ...(best && { best: { round: best.round, validation: { [metrics[0].name]: best.figure } } }),
    ...(decision && { decision }),
    ...(isListed && { sharing }),
    stopped: {
      reason: cutShort ?? state.stopped ?? 'interrupted',
      round: state.rounds.length,
    },
    ...(model === undefined ? {} : { model }),
    ...(personal && { personal }),
  };
}

/** Across machines, a participant says the number when it joins. */
function membersExamples({ members }: RunState): FewExamples[] {
  return [...members].map(([name, { validationExamples: examples }]) => ({ name, examples }));
}

/** The results of the rounds that have any so far. */
export function roundResults({ rounds, rules }: RunState): RoundResult[] {
  return rounds.filter((record) => record.updates.size > 0).map((record) => roundResult(record, rules));
}

/** The result of a round with at least one update. */
export function roundResult(
  record: RoundRecord,
  { participants, metrics }: Pick<RoundRules, 'participants' | 'metrics'>,
): RoundResult {
  const { merged, refitted } = record;
  const shared = participants.flatMap((name) => record.shared.get(name) ?? []);
  const tested = { ...merged?.merged, ...(refitted && { refit: refitted.test }) };
  const training = Math.max(...[...record.updates.values()].map(({ seconds }) => seconds));
  return {
    round: record.round,
    seconds: Math.round(1000 * (training + (merged?.seconds ?? 0))) / 1000,
    participants: participants.flatMap((name) => {
      const update = record.updates.get(name);
      if (update === undefined) return [];
      const { examples, epochs, steps, validation } = update;
      const work = { ...(epochs !== undefined && { epochs }), ...(steps !== undefined && { steps }) };
      return [{ name, examples, ...work, validation, test: merged?.own[name] }];
    }),
    merged: Object.fromEntries(Object.entries(tested).map(([strategy, test]) => [strategy, { test }])),
    copied: participants.flatMap((name) => {
      const validation = record.copied.get(name);
      return validation === undefined ? [] : [{ name, validation }];
    }),
    ...(shared.length > 0 && { together: figuresTogether(shared, metrics) }),
  };
}

/**
 * The figures of every round as CSV: a line for each model and data set, a column for each metric.
 * Where sums are shared, a last column says how many participants the figures together are of: a
 * line for each such number, since not all share what every metric needs.
 */
export function metricsCsv({ rounds, metrics }: RunResult): string {
  const names = metrics.map(({ name }) => name);
  const isShared = rounds.some(({ together }) => together !== undefined);
  const lines = [['round', 'model', 'set', ...names, ...(isShared ? ['participants'] : [])].join(',')];
  const line = (round: number, model: string, set: string, figures: Figures | undefined, of?: number) => {
    if (figures === undefined) return;
    // A strategy's name may contain its parameters, with commas between them.
    const cell = model.includes(',') ? `"${model}"` : model;
    const values = names.map((name) => figures[name] ?? '');
    lines.push([round, cell, set, ...values, ...(isShared ? [of ?? ''] : [])].join(','));
  };
  for (const { round, participants, merged, copied, together } of rounds) {
    for (const { name, validation, test } of participants) {
      line(round, name, 'validation', validation);
      line(round, name, 'test', test);
    }
    for (const [strategy, { test }] of Object.entries(merged)) line(round, strategy, 'test', test);
    for (const { name, validation } of copied) line(round, `copy at ${name}`, 'validation', validation);
    for (const [of, figures] of byParticipants(together ?? {})) {
      line(round, 'copies together', 'validation', figures, of);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The figures together that there are, by the number of participants; most of these first. */
function byParticipants(together: FiguresTogether): [participants: number, Figures][] {
  const groups = new Map<number, Record<string, number>>();
  for (const [name, { figure, participants }] of Object.entries(together)) {
    if (figure !== undefined) groups.set(participants, { ...groups.get(participants), [name]: figure });
  }
  return [...groups].sort(([one], [other]) => other - one);
}
