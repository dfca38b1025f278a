/**
 * What a run came to: the object that `--json` writes. Figures stand by the names of the task's
 * metrics; a percentage is a fraction.
 */
import { z } from 'zod';
import type { Figures, TaskMetrics } from '../../metrics/metric.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import type { roundResultSchema } from '../../protocol/view.js';
import type { RoundRecord, RunState, StopReason } from '../rounds/round.js';

export type RoundResult = z.output<typeof roundResultSchema>;

/**
 * A figure of fewer says little: an accuracy has a standard error of several points then, whatever
 * it is.
 */
export const FEW_VALIDATION_EXAMPLES = 30;

export const fewExamplesSchema = z.object({ name: z.string(), examples: z.int().nonnegative() });
type FewExamples = z.output<typeof fewExamplesSchema>;

/** Where a participant's own model lies. */
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
  /** By which models are measured, the main one first. */
  readonly metrics: TaskMetrics;
  readonly participants: readonly string[];
  /** Those that validate on so few examples that their figures say little. */
  readonly fewValidationExamples?: readonly FewExamples[];
  /** Those of them that attack, where some do. */
  readonly attackers?: readonly string[];
  readonly rounds: readonly RoundResult[];
  readonly pooled?: { readonly test: Figures };
  readonly stopped: {
    readonly reason: StopReason | 'interrupted' | 'diverged';
    readonly round: number;
  };
  readonly model?: { readonly file: string; readonly sha256: string };
  /**
   * Everybody's own model, where some tensors stay with their owners (`settings.share`). The model
   * has the shared ones only then, and the test figures of rounds are of the personal models of
   * those that took part, all together.
   */
  readonly personal?: readonly PersonalFile[];
}

export interface ResultParts {
  readonly configuration: Configuration;
  readonly state: RunState;
  readonly versions: Readonly<Record<string, string>>;
  /** Why a run that is not finished ended. */
  readonly cutShort?: 'interrupted' | 'diverged';
  readonly model?: { readonly file: string; readonly sha256: string };
  readonly personal?: readonly PersonalFile[];
  /** On one machine, where no fact has them: how many examples everybody validates on. */
  readonly validationExamples?: readonly FewExamples[] | undefined;
}

export function runResult({
  configuration,
  state,
  versions,
  cutShort,
  model,
  personal,
  validationExamples = membersExamples(state),
}: ResultParts): RunResult {
  const few = validationExamples.filter(({ examples }) => examples < FEW_VALIDATION_EXAMPLES);
  const { metrics, participants, attackers } = state.rules;
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
    stopped: {
      reason: cutShort ?? state.stopped ?? 'interrupted',
      round: state.rounds.length,
    },
    ...(model === undefined ? {} : { model }),
    ...(personal && { personal }),
  };
}

/** Across machines everybody says it when they join. */
function membersExamples({ members }: RunState): FewExamples[] {
  return [...members].map(([name, { validationExamples: examples }]) => ({ name, examples }));
}

/** The rounds that have brought something so far. */
export function roundResults({ rounds, rules }: RunState): RoundResult[] {
  return rounds
    .filter((record) => record.updates.size > 0)
    .map((record) => roundResult(record, rules.participants));
}

/** Of a round with one update at least. */
export function roundResult(record: RoundRecord, participants: readonly string[]): RoundResult {
  const { merged, refitted } = record;
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
  };
}

/** The figures of every round as CSV: a line for each model and set, a column for each metric. */
export function metricsCsv({ rounds, metrics }: RunResult): string {
  const names = metrics.map(({ name }) => name);
  const lines = [['round', 'model', 'set', ...names].join(',')];
  const line = (round: number, model: string, set: string, figures: Figures | undefined) => {
    if (figures === undefined) return;
    // The parameters of a strategy may stand in its name, with commas between them.
    const cell = model.includes(',') ? `"${model}"` : model;
    lines.push([round, cell, set, ...names.map((name) => figures[name] ?? '')].join(','));
  };
  for (const { round, participants, merged, copied } of rounds) {
    for (const { name, validation, test } of participants) {
      line(round, name, 'validation', validation);
      line(round, name, 'test', test);
    }
    for (const [strategy, { test }] of Object.entries(merged)) line(round, strategy, 'test', test);
    for (const { name, validation } of copied) line(round, `copy at ${name}`, 'validation', validation);
  }
  return `${lines.join('\n')}\n`;
}
