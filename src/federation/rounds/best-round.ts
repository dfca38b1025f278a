/**
 * The best round of a run: that whose copied model has the best main figure on the participants'
 * own validation examples. Test examples have no part in the choice, so figures on them stay fair.
 */
import { isBetter, type MetricFacts } from '../../metrics/metric.js';
import type { RoundRecord } from './round.js';

export interface BestRound {
  readonly round: number;
  /** The mean over the participants that have the figure, weighted by their training examples. */
  readonly figure: number;
}

/** Among equals the first; undefined if no copy has the figure. */
export function bestRound(rounds: readonly RoundRecord[], metric: MetricFacts): BestRound | undefined {
  const examples = new Map<string, number>();
  let best: BestRound | undefined;
  for (const { round, merged, updates, copied } of rounds) {
    for (const [name, update] of updates) examples.set(name, update.examples);
    if (merged === undefined) continue;
    let [sum, weight] = [0, 0];
    for (const [name, figures] of copied) {
      const figure = figures[metric.name];
      const count = examples.get(name);
      if (figure === undefined || count === undefined) continue;
      sum += count * figure;
      weight += count;
    }
    if (weight === 0) continue;
    const figure = sum / weight;
    if (best === undefined || isBetter(metric, figure, best.figure)) best = { round, figure };
  }
  return best;
}

/**
 * The round whose model is removed once there are `keep` newer ones. If the best model is to be the
 * final one, the best of those older rounds stays: after a rollback it may be the best again.
 */
export function staleRound(
  rounds: readonly RoundRecord[],
  outdated: number,
  metric: MetricFacts | undefined,
): number | undefined {
  if (metric === undefined) return outdated;
  const best = bestRound(rounds.slice(0, outdated), metric)?.round;
  return best === outdated ? bestRound(rounds.slice(0, outdated - 1), metric)?.round : outdated;
}
