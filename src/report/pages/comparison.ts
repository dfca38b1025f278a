/**
 * Compares strategies over runs that differ in strategy and seed. The seeds are paired: for one
 * seed, every strategy had the same partition and the same initial weights. So differences are
 * taken seed by seed, and their spread comes from the strategies alone.
 */
import type { ComparedResult } from '../../experiments/compare-strategies.js';
import type { RunResult } from '../../federation/record/run-result.js';
import { averageOf } from '../../merge/average/model-average.js';
import { strategyByName } from '../../merge/strategies/strategies.js';
import { isBetter, type MetricFacts } from '../../metrics/metric.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import { type Sample, sampleOf } from '../charts/statistics.js';

/** A figure of the main metric to be reached. */
export interface ComparisonTarget {
  readonly value: number;
  /**
   * Whether it is measured on the test data, or as the mean of the copy over the honest
   * participants' own validation data.
   */
  readonly on: 'test' | 'validation';
}

export interface ComparedRound {
  readonly round: number;
  /** The figure of the model that the run would end with: merged, averaged or refitted. */
  readonly test: number;
  /** The figure of its copies: the mean over the honest participants. */
  readonly validation: number | undefined;
  /**
   * The bytes sent since the run began: in every round the drawn participants send an update, and
   * all receive a state.
   */
  readonly bytesSent: number;
}

export interface ComparedRun {
  readonly strategy: string;
  readonly seed: number;
  readonly stopped: RunResult['stopped'];
  /** The rounds that were evaluated. */
  readonly rounds: readonly ComparedRound[];
}

export interface StrategySummary {
  readonly strategy: string;
  /** The model that the runs end with, on the test data. */
  readonly test: Sample;
  /** The difference from the first strategy, seed by seed; the first strategy has none. */
  readonly difference?: Sample;
  /** The cost to reach the target, over the seeds that reach it. */
  readonly toTarget?: { readonly rounds: Sample; readonly bytesSent: Sample };
  readonly byRound: readonly { readonly round: number; readonly test: Sample }[];
  /** The number of seeds in which training diverged; their last merged model counts. */
  readonly diverged: number;
}

export interface Comparison {
  /** The task's main metric, which all figures have. */
  readonly metric: MetricFacts;
  readonly seeds: readonly number[];
  readonly target?: ComparisonTarget;
  readonly strategies: readonly StrategySummary[];
  /** The same network, trained on all the data together. */
  readonly pooled?: Sample;
  readonly runs: readonly ComparedRun[];
}

/** @param runs runs of every strategy with the same seeds; each has merged at least once */
export function comparisonOf(runs: readonly ComparedResult[], target?: ComparisonTarget): Comparison {
  const metric = required(runs[0]).result.metrics[0];
  const compared = runs.map((run) => comparedRun(run, metric));
  const names = [...new Set(runs.map(({ strategy }) => strategy))];
  const seeds = [...new Set(runs.map(({ seed }) => seed))];
  const first = compared.filter(({ strategy }) => strategy === names[0]);
  const strategies = names.map((name) =>
    summaryOf(
      name,
      compared.filter(({ strategy }) => strategy === name),
      name === names[0] ? undefined : first,
      target && { metric, ...target },
    ),
  );
  const pooled = sampleOf(
    seeds.flatMap((seed) => runs.find((run) => run.seed === seed)?.result.pooled?.test[metric.name] ?? []),
  );
  return { metric, seeds, ...(target && { target }), strategies, ...(pooled && { pooled }), runs: compared };
}

function comparedRun(
  { strategy, seed, stateBytes, result }: ComparedResult,
  { name: metric }: MetricFacts,
): ComparedRun {
  // An attachment, such as the Fisher information, has the size of a state.
  const statesOfUpdate = 1 + (strategyByName(strategy).auxiliaries?.length ?? 0);
  let bytesSent = 0;
  const rounds = result.rounds.flatMap((round): ComparedRound[] => {
    bytesSent += (statesOfUpdate * round.participants.length + result.participants.length) * stateBytes;
    const test = finalModel(round.merged, result.settings)?.test[metric];
    if (test === undefined) return [];
    const validation = sampleOf(round.copied.flatMap((copy) => copy.validation[metric] ?? []))?.mean;
    return [{ round: round.round, test, validation, bytesSent }];
  });
  return { strategy, seed, stopped: result.stopped, rounds };
}

/** The merged model of a round that the run would end with; undefined if none was evaluated. */
export function finalModel<Tested>(
  merged: Readonly<Record<string, Tested>>,
  { average }: Configuration,
): Tested | undefined {
  const averaged = average?.final ? merged[averageOf(average).name] : undefined;
  // The copied model comes first.
  const [copied] = Object.values(merged);
  return merged.refit ?? averaged ?? copied;
}

function summaryOf(
  strategy: string,
  runs: readonly ComparedRun[],
  first: readonly ComparedRun[] | undefined,
  target: (ComparisonTarget & { readonly metric: MetricFacts }) | undefined,
): StrategySummary {
  const differences = first?.flatMap((other) => {
    const same = runs.find(({ seed }) => seed === other.seed);
    return same === undefined ? [] : [lastFigure(same) - lastFigure(other)];
  });
  const difference = differences && sampleOf(differences);
  const reaching = target === undefined ? [] : runs.flatMap(({ rounds }) => firstAt(rounds, target) ?? []);
  const rounds = sampleOf(reaching.map(({ round }) => round));
  const bytesSent = sampleOf(reaching.map((round) => round.bytesSent));
  const evaluated = new Set(runs.flatMap((run) => run.rounds.map(({ round }) => round)));
  return {
    strategy,
    test: required(sampleOf(runs.map(lastFigure))),
    ...(difference && { difference }),
    ...(rounds && bytesSent && { toTarget: { rounds, bytesSent } }),
    byRound: [...evaluated]
      .sort((a, b) => a - b)
      .map((round) => {
        const there = runs.flatMap((run) => run.rounds.filter((one) => one.round === round));
        return { round, test: required(sampleOf(there.map(({ test }) => test))) };
      }),
    diverged: runs.filter(({ stopped }) => stopped.reason === 'diverged').length,
  };
}

function firstAt(
  rounds: readonly ComparedRound[],
  { metric, value, on }: ComparisonTarget & { readonly metric: MetricFacts },
): ComparedRound | undefined {
  return rounds.find((round) => {
    const figure = round[on];
    return figure !== undefined && !isBetter(metric, value, figure);
  });
}

const lastFigure = ({ rounds }: ComparedRun) => required(rounds.at(-1)).test;

function required<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('internal: a run to compare has no merged model');
  return value;
}
