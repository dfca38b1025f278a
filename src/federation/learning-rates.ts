/** The learning rate of every step of a round, of a schedule that spans the run. */
import type { Schedule } from '../nn/schedules.js';

/** Steps of local work that takes all its epochs. */
export function stepsOf(examples: number, batchSize: number, epochs: number): number {
  return Math.ceil(examples / batchSize) * epochs;
}

/** Where a round's work lies in the run, in steps like its own. */
export interface Span {
  /** In the rounds before. */
  readonly before: number;
  /** In all rounds. */
  readonly total: number;
}

/**
 * A round has the same part of the schedule with every participant and whatever round came before: one that stopped early
 * leaves the rest of its part out.
 * @param steps of this round
 */
export function learningRates(
  schedule: Schedule,
  base: number,
  steps: number,
  { before, total }: Span,
): Float32Array {
  return Float32Array.from({ length: steps }, (_, step) => base * schedule(before + step, total));
}
