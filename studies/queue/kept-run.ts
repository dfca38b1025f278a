/**
 * What is kept of a run in docs/results: its settings, with what it was made, and every accuracy
 * that was measured, by the names that `--json` gives them. No times and no paths, so that the same
 * run leaves the same bytes.
 */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { RecordedRun } from '../../src/federation/record/read-run.js';
import {
  type ConfigurationInput,
  parseConfiguration,
} from '../../src/protocol/configuration/configuration.js';
import { StudyError } from './error.js';

const accuracy = z.number().min(0).max(1);

const roundSchema = z.strictObject({
  round: z.int().positive(),
  participants: z.array(
    z.strictObject({
      name: z.string(),
      examples: z.int(),
      epochs: z.int().optional(),
      steps: z.int().optional(),
      validationAccuracy: accuracy.optional(),
      testAccuracy: accuracy.optional(),
    }),
  ),
  merged: z.record(z.string(), z.strictObject({ testAccuracy: accuracy })),
  copied: z.array(z.strictObject({ name: z.string(), validationAccuracy: accuracy })),
  /** Test accuracy of the pooled training that belongs to the round. */
  pooled: accuracy.optional(),
});

const keptRunSchema = z.strictObject({
  variation: z.string(),
  seed: z.int(),
  settings: z.record(z.string(), z.unknown()),
  versions: z.record(z.string(), z.string()),
  stopped: z.strictObject({
    reason: z.enum(['every-participant-passed', 'max-rounds', 'diverged']),
    round: z.int(),
  }),
  /** Those that were evaluated. */
  rounds: z.array(roundSchema),
  /** SHA-256 of the final model, where there is one. */
  model: z.string().optional(),
});

export type KeptRound = z.output<typeof roundSchema>;
export type KeptRun = z.output<typeof keptRunSchema>;

/** What a study asks for, by which a run of it is known. */
export interface AskedRun {
  readonly variation: string;
  readonly seed: number;
  readonly configuration: ConfigurationInput;
}

/**
 * @param recorded the run's folder, read once it was at its end
 * @param model SHA-256 of its final model
 */
export function keptRun(
  { variation, seed }: AskedRun,
  { result, rounds }: RecordedRun,
  model: string | undefined,
): KeptRun {
  const { settings, stopped, versions } = result;
  const { reason, round } = stopped;
  if (reason === 'interrupted' || reason === 'stopped') {
    throw new Error('internal: an unfinished run is not kept');
  }
  return {
    variation,
    seed,
    settings,
    versions,
    stopped: { reason, round },
    rounds: result.rounds
      .filter(({ merged }) => Object.keys(merged).length > 0)
      .map(({ round, participants, merged, copied }) => ({
        round,
        participants: participants.map(({ validation, test, ...one }) => ({
          ...one,
          validationAccuracy: validation?.accuracy,
          testAccuracy: test?.accuracy,
        })),
        merged: Object.fromEntries(
          Object.entries(merged).map(([strategy, { test }]) => [
            strategy,
            { testAccuracy: test.accuracy ?? 0 },
          ]),
        ),
        copied: copied.map(({ name, validation }) => ({
          name,
          validationAccuracy: validation.accuracy ?? 0,
        })),
        pooled: rounds[round - 1]?.pooled?.test?.accuracy,
      })),
    model,
  };
}

/**
 * Whether this is what the study asks for now. Settings that came to be since then have their
 * defaults in both.
 */
export function isOf({ variation, seed, settings }: KeptRun, run: AskedRun): boolean {
  if (variation !== run.variation || seed !== run.seed) return false;
  // As it is kept: fields that are left out are not there.
  const asKept: unknown = JSON.parse(JSON.stringify(run.configuration));
  const now = parseConfiguration(asKept, run.variation);
  try {
    return isDeepStrictEqual(parseConfiguration(settings, 'what was kept'), now);
  } catch {
    // Of a version whose settings are no longer understood.
    return false;
  }
}

/** @throws StudyError that names the file and what is wrong in it. */
export function parseKeptRuns(text: string, file: string): KeptRun[] {
  try {
    return z.strictObject({ study: z.string(), runs: z.array(keptRunSchema) }).parse(JSON.parse(text)).runs;
  } catch (cause) {
    throw new StudyError(`studies: "${file}" cannot be read: it was changed, or is of another version`, {
      cause,
      hint: 'restore it, or move it away: its runs are then done again',
    });
  }
}

/** One run a line, in the order that is given. */
export function formatKeptRuns(study: string, runs: readonly KeptRun[]): string {
  const lines = runs.map((run) => JSON.stringify(run));
  return `{"study":${JSON.stringify(study)},"runs":[${lines.length === 0 ? '' : `\n${lines.join(',\n')}\n`}]}\n`;
}
