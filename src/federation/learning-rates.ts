/** The learning rate of every step of a round, of a schedule that spans the run: rounds × epochs. */
import type { Schedule } from '../nn/schedules.js';

/** Steps of local work that takes all its epochs. */
export function stepsOf(examples: number, batchSize: number, epochs: number): number {
  return Math.ceil(examples / batchSize) * epochs;
}

/**
 * A round has the same part of the schedule with every participant and whatever round came before: one that stopped early
 * leaves the rest of its part out.
 * @param steps of one round
 */
export function learningRates(
  schedule: Schedule,
  base: number,
  steps: number,
  round: number,
  rounds: number,
): Float32Array {
  return Float32Array.from(
    { length: steps },
    (_, step) => base * schedule((round - 1) * steps + step, rounds * steps),
  );
}
