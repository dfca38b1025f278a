/**
 * Compares strategies over runs that differ in strategy and seed. The seeds are paired: for one
 * seed every strategy had the same partition and the same initial weights. So differences are taken
 * seed by seed, and their spread is that of the strategies alone.
 */
import type { ComparedResult } from '../../experiments/compare-strategies.js';
import type { RoundResult, RunResult } from '../../federation/record/run-result.js';
import { averageOf } from '../../merge/average/model-average.js';
import { strategyByName } from '../../merge/strategies/strategies.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import { type Sample, sampleOf } from '../charts/statistics.js';

export interface Target {
  readonly accuracy: number;
  /**
   * On the test images, or the mean of the honest participants' own validation accuracies of the
   * copy.
   */
  readonly on: 'test' | 'validation';
}

export interface ComparedRound {
  readonly round: number;
  /** Of the model that the run would end with: as it was merged, averaged or refitted. */
  readonly testAccuracy: number;
  /** Of its copies: the mean over the honest participants. */
  readonly validationAccuracy: number | undefined;
  /**
   * Sent since the run began: in every round those who take part send an update, and all receive a
   * state.
   */
  readonly bytesSent: number;
}

export interface ComparedRun {
  readonly strategy: string;
  readonly seed: number;
  readonly stopped: RunResult['stopped'];
  /** Those that were evaluated. */
  readonly rounds: readonly ComparedRound[];
}

export interface StrategySummary {
  readonly strategy: string;
  /** Of the model that the runs end with. */
  readonly testAccuracy: Sample;
  /** From the first strategy, seed by seed; the first has none. */
  readonly difference?: Sample;
  /** Over the seeds that reach the target. */
  readonly toTarget?: { readonly rounds: Sample; readonly bytesSent: Sample };
  readonly byRound: readonly { readonly round: number; readonly testAccuracy: Sample }[];
  /** Seeds in which training diverged; their last merged model counts. */
  readonly diverged: number;
}

export interface Comparison {
  readonly seeds: readonly number[];
  readonly target?: Target;
  readonly strategies: readonly StrategySummary[];
  /** The same network, trained on all the data together. */
  readonly pooled?: Sample;
  readonly runs: readonly ComparedRun[];
}

/** @param runs of every strategy with the same seeds; each has merged at least once */
export function comparisonOf(runs: readonly ComparedResult[], target?: Target): Comparison {
  const compared = runs.map(comparedRun);
  const names = [...new Set(runs.map(({ strategy }) => strategy))];
  const seeds = [...new Set(runs.map(({ seed }) => seed))];
  const first = compared.filter(({ strategy }) => strategy === names[0]);
  const strategies = names.map((name) =>
    summaryOf(
      name,
      compared.filter(({ strategy }) => strategy === name),
      name === names[0] ? undefined : first,
      target,
    ),
  );
  const pooled = sampleOf(
    seeds.flatMap((seed) => runs.find((run) => run.seed === seed)?.result.pooled?.testAccuracy ?? []),
  );
  return { seeds, ...(target && { target }), strategies, ...(pooled && { pooled }), runs: compared };
}

function comparedRun({ strategy, seed, stateBytes, result }: ComparedResult): ComparedRun {
  // What travels with an update, such as its Fisher information, is of the size of a state.
  const statesOfUpdate = 1 + (strategyByName(strategy).auxiliaries?.length ?? 0);
  let bytesSent = 0;
  const rounds = result.rounds.flatMap((round): ComparedRound[] => {
    bytesSent += (statesOfUpdate * round.participants.length + result.participants.length) * stateBytes;
    const testAccuracy = finalAccuracy(round, result.settings);
    if (testAccuracy === undefined) return [];
    const validation = sampleOf(round.copied.map(({ validationAccuracy }) => validationAccuracy))?.mean;
    return [{ round: round.round, testAccuracy, validationAccuracy: validation, bytesSent }];
  });
  return { strategy, seed, stopped: result.stopped, rounds };
}

/**
 * On the test images, of the model that the run would end with after this round; undefined where
 * none was evaluated.
 */
export function finalAccuracy(
  { merged }: Pick<RoundResult, 'merged'>,
  { average }: Configuration,
): number | undefined {
  const averaged = average?.final ? merged[averageOf(average).name] : undefined;
  // The copied model comes first.
  const [copied] = Object.values(merged);
  return (merged.refit ?? averaged ?? copied)?.testAccuracy;
}

function summaryOf(
  strategy: string,
  runs: readonly ComparedRun[],
  first: readonly ComparedRun[] | undefined,
  target: Target | undefined,
): StrategySummary {
  const differences = first?.flatMap((other) => {
    const same = runs.find(({ seed }) => seed === other.seed);
    return same === undefined ? [] : [lastAccuracy(same) - lastAccuracy(other)];
  });
  const difference = differences && sampleOf(differences);
  const reaching = target === undefined ? [] : runs.flatMap(({ rounds }) => firstAt(rounds, target) ?? []);
  const rounds = sampleOf(reaching.map(({ round }) => round));
  const bytesSent = sampleOf(reaching.map((round) => round.bytesSent));
  const evaluated = new Set(runs.flatMap((run) => run.rounds.map(({ round }) => round)));
  return {
    strategy,
    testAccuracy: required(sampleOf(runs.map(lastAccuracy))),
    ...(difference && { difference }),
    ...(rounds && bytesSent && { toTarget: { rounds, bytesSent } }),
    byRound: [...evaluated]
      .sort((a, b) => a - b)
      .map((round) => {
        const there = runs.flatMap((run) => run.rounds.filter((one) => one.round === round));
        return { round, testAccuracy: required(sampleOf(there.map(({ testAccuracy }) => testAccuracy))) };
      }),
    diverged: runs.filter(({ stopped }) => stopped.reason === 'diverged').length,
  };
}

function firstAt(rounds: readonly ComparedRound[], { accuracy, on }: Target): ComparedRound | undefined {
  const reached = ({ testAccuracy, validationAccuracy }: ComparedRound) =>
    on === 'test' ? testAccuracy : (validationAccuracy ?? 0);
  return rounds.find((round) => reached(round) >= accuracy);
}

const lastAccuracy = ({ rounds }: ComparedRun) => required(rounds.at(-1)).testAccuracy;

function required<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('internal: a run to compare has no merged model');
  return value;
}
