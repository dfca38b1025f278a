/** Derives the numbers of a recorded run that several parts of a report use. */
import { categoriesOf } from '../data/dataset.js';
import type { RecordedRun } from '../federation/record/read-run.js';
import type { RoundResult } from '../federation/record/run-result.js';
import type { MetricFacts, TaskMetrics } from '../metrics/metric.js';
import { type Target, type TargetSetting, targetOf, writtenTarget } from '../metrics/target.js';
import type { Configuration } from '../protocol/configuration/configuration.js';
import type { RoundDetails } from '../protocol/round-details.js';
import { type Words, wordsOf } from './words.js';

/** The strategies that were evaluated, the copied one first. */
export const evaluatedStrategies = ({
  configuration: { strategy, compare },
}: Pick<RecordedRun, 'configuration'>): string[] => [...new Set([strategy, ...compare])];

/** The rounds that have a merged model. */
export const mergedRounds = ({ rounds, result }: RecordedRun): RoundResult[] =>
  result.rounds.filter(({ round }) => rounds[round - 1]?.merged !== undefined);

/** Whether the coordinator measured on test data of its own. */
export const hasTestExamples = (run: RecordedRun): boolean =>
  mergedRounds(run).some(({ merged }) => Object.keys(merged).length > 0);

/** The reference of the run; undefined if it has none. */
export const referenceOf = (
  { reference }: Pick<Configuration, 'reference'>,
  metrics: TaskMetrics,
): Target | undefined => (reference === undefined ? undefined : targetOf(reference, metrics));

/** A target as it is written: "91.00%". */
export const targetText = (setting: TargetSetting, metrics: TaskMetrics): string =>
  writtenTarget(targetOf(setting, metrics), metrics);

/** The names of the classes, from the model's file or the label counts; otherwise their numbers. */
export function classNamesOf({ model, labelCounts, details }: RecordedRun): readonly string[] {
  const [matrix = []] = Object.values([...details.values()].at(-1)?.test?.confusion.merged ?? {});
  const described = model?.description && categoriesOf(model.description);
  const named = labelCounts?.categories ?? described ?? [];
  return named.length > 0 ? named : matrix.map((_, label) => String(label));
}

/**
 * The details of the first and of the last merged round, if they are there; one if both are the
 * same.
 */
export function firstAndLast(run: RecordedRun): RoundDetails[] {
  const merged = mergedRounds(run);
  const ends = new Set([merged[0]?.round, merged.at(-1)?.round]);
  return [...ends].flatMap((round) => run.details.get(round ?? 0) ?? []);
}

/** By what its model's file says of the data, once something is merged. */
export const wordsOfRun = ({ model, configuration }: RecordedRun): Words =>
  wordsOf(model?.description, configuration);

export const lastDetails = (run: RecordedRun): RoundDetails | undefined =>
  run.details.get(mergedRounds(run).at(-1)?.round ?? 0);

/**
 * Σ nᵢ·aᵢ / Σ nᵢ by the participants' numbers of training examples; undefined if no participant has
 * a value.
 */
export function weightedByExamples(
  round: RoundResult,
  numberOf: (name: string) => number | undefined,
): number | undefined {
  let [sum, weight] = [0, 0];
  for (const { name, examples } of round.participants) {
    const value = numberOf(name);
    if (value === undefined) continue;
    sum += examples * value;
    weight += examples;
  }
  return weight === 0 ? undefined : sum / weight;
}

/** A figure of a model in a round; undefined where it was not measured. */
export type FigureOf = (round: RoundResult, name: string) => number | undefined;

/** The figures of a round's models by one metric. */
export const figuresBy = ({ name: metric }: MetricFacts) =>
  ({
    /** A participant's own model, on its validation examples. */
    ownValidation: ({ participants }, name) =>
      participants.find((one) => one.name === name)?.validation?.[metric],
    /** A participant's own model, on the test examples. */
    ownTest: ({ participants }, name) => participants.find((one) => one.name === name)?.test?.[metric],
    /** The copy, on a participant's validation examples. */
    copyValidation: ({ copied }, name) => copied.find((one) => one.name === name)?.validation[metric],
    /** The model that a strategy merged, on the test examples. */
    mergedTest: ({ merged }, strategy) => merged[strategy]?.test?.[metric],
  }) satisfies Record<string, FigureOf>;

/**
 * [classes]: the part of each class that was recognised; undefined for a class without examples.
 */
export function classAccuracies(confusion: readonly (readonly number[])[]): (number | undefined)[] {
  return confusion.map((row, label) => {
    const examples = row.reduce((a, b) => a + b, 0);
    return examples === 0 ? undefined : (row[label] ?? 0) / examples;
  });
}

export function meanOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((a, b) => a + b, 0) / known.length;
}

export interface RunTraffic {
  readonly updates: number;
  readonly copies: number;
  readonly modelBytes: number;
  readonly bytes: number;
}

/**
 * The traffic of the run across machines: every update to the coordinator and every copy back,
 * uncompressed.
 */
export function trafficOf({ rounds, model }: RecordedRun): RunTraffic | undefined {
  if (model === undefined) return undefined;
  const updates = rounds.reduce((sum, round) => sum + round.updates.size, 0);
  const copies = rounds.reduce((sum, round) => sum + round.copied.size, 0);
  return { updates, copies, modelBytes: model.bytes, bytes: (updates + copies) * model.bytes };
}
