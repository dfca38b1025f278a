/** What a run came to: the object that `--json` writes. Accuracies are fractions. */
import { z } from 'zod';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import type { roundResultSchema } from '../../protocol/view.js';
import type { RoundRecord, RunState, StopReason } from '../rounds/round.js';

export type RoundResult = z.output<typeof roundResultSchema>;

/** An accuracy on fewer has a standard error of several points, whatever it is. */
export const FEW_VALIDATION_EXAMPLES = 30;

export const fewExamplesSchema = z.object({ name: z.string(), examples: z.int().nonnegative() });
type FewExamples = z.output<typeof fewExamplesSchema>;

export interface RunResult {
  readonly dataset: string;
  readonly partition: Configuration['partition'];
  readonly seed: number;
  readonly strategy: string;
  readonly settings: Configuration;
  readonly versions: Readonly<Record<string, string>>;
  readonly participants: readonly string[];
  /** Those that validate on so few examples that their accuracies say little. */
  readonly fewValidationExamples?: readonly FewExamples[];
  /** Those of them that attack, where some do. */
  readonly attackers?: readonly string[];
  readonly rounds: readonly RoundResult[];
  readonly pooled?: { readonly testAccuracy: number };
  readonly stopped: {
    readonly reason: StopReason | 'interrupted' | 'diverged';
    readonly round: number;
  };
  readonly model?: { readonly file: string; readonly sha256: string };
}

export interface ResultParts {
  readonly configuration: Configuration;
  readonly state: RunState;
  readonly versions: Readonly<Record<string, string>>;
  /** Why a run that is not finished ended. */
  readonly cutShort?: 'interrupted' | 'diverged';
  readonly model?: { readonly file: string; readonly sha256: string };
  /** On one machine, where no fact has them: how many examples everybody validates on. */
  readonly validationExamples?: readonly FewExamples[] | undefined;
}

export function runResult({
  configuration,
  state,
  versions,
  cutShort,
  model,
  validationExamples = membersExamples(state),
}: ResultParts): RunResult {
  const few = validationExamples.filter(({ examples }) => examples < FEW_VALIDATION_EXAMPLES);
  const { participants, attackers } = state.rules;
  const pooled = state.rounds.findLast(({ pooled }) => pooled?.testAccuracy !== undefined)?.pooled
    ?.testAccuracy;
  return {
    dataset: configuration.dataset,
    partition: configuration.partition,
    seed: configuration.seed,
    strategy: configuration.strategy,
    settings: configuration,
    versions,
    participants,
    ...(few.length > 0 && { fewValidationExamples: few }),
    ...(attackers && { attackers }),
    rounds: roundResults(state),
    ...(pooled === undefined ? {} : { pooled: { testAccuracy: pooled } }),
    stopped: {
      reason: cutShort ?? state.stopped ?? 'interrupted',
      round: state.rounds.length,
    },
    ...(model === undefined ? {} : { model }),
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
  const testAccuracies = { ...merged?.merged, ...(refitted && { refit: refitted.testAccuracy }) };
  const training = Math.max(...[...record.updates.values()].map(({ seconds }) => seconds));
  return {
    round: record.round,
    seconds: Math.round(1000 * (training + (merged?.seconds ?? 0))) / 1000,
    participants: participants.flatMap((name) => {
      const update = record.updates.get(name);
      if (update === undefined) return [];
      const { examples, epochs, steps, validationAccuracy } = update;
      const work = { ...(epochs !== undefined && { epochs }), ...(steps !== undefined && { steps }) };
      return [{ name, examples, ...work, validationAccuracy, testAccuracy: merged?.own[name] }];
    }),
    merged: Object.fromEntries(
      Object.entries(testAccuracies).map(([strategy, testAccuracy]) => [strategy, { testAccuracy }]),
    ),
    copied: participants.flatMap((name) => {
      const validationAccuracy = record.copied.get(name);
      return validationAccuracy === undefined ? [] : [{ name, validationAccuracy }];
    }),
  };
}

/** Metrics of every round as CSV: one line for each number. */
export function metricsCsv(result: RunResult): string {
  const lines = ['round,model,set,accuracy'];
  const line = (round: number, model: string, set: string, accuracy: number | undefined) => {
    // The parameters of a strategy may stand in its name, with commas between them.
    const cell = model.includes(',') ? `"${model}"` : model;
    if (accuracy !== undefined) lines.push(`${round},${cell},${set},${accuracy}`);
  };
  for (const { round, participants, merged, copied } of result.rounds) {
    for (const { name, validationAccuracy, testAccuracy } of participants) {
      line(round, name, 'validation', validationAccuracy);
      line(round, name, 'test', testAccuracy);
    }
    for (const [strategy, { testAccuracy }] of Object.entries(merged))
      line(round, strategy, 'test', testAccuracy);
    for (const { name, validationAccuracy } of copied)
      line(round, `copy at ${name}`, 'validation', validationAccuracy);
  }
  return `${lines.join('\n')}\n`;
}
