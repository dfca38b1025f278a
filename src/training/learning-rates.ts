/** Computes the learning rate of every step of a round, from a schedule that spans the run. */
import type { Schedule } from '../engine/nn/schedules.js';
import { TrainingError } from './error.js';

/** Steps of local work that takes all its epochs. */
export function stepsOf(examples: number, batchSize: number, epochs: number): number {
  return Math.ceil(examples / batchSize) * epochs;
}

/** Of a round: days of them. */
const MOST_STEPS = 2 ** 24;

/** Where a round's work lies in the run, in steps like its own. */
export interface Span {
  /** In the rounds before. */
  readonly before: number;
  /** In all rounds. */
  readonly total: number;
}

/**
 * A round has the same part of the schedule with every participant and whatever round came before:
 * one that stopped early leaves the rest of its part out.
 * @param steps of this round
 * @throws TrainingError when there are absurdly many
 */
export function learningRates(
  schedule: Schedule,
  base: number,
  steps: number,
  { before, total }: Span,
): Float32Array {
  if (steps > MOST_STEPS) {
    throw new TrainingError(`federation: a round has ${steps} steps, expected at most ${MOST_STEPS}`, {
      hint: 'set "local.epochs" or "local.steps" to less, and "rounds" to more',
    });
  }
  return Float32Array.from({ length: steps }, (_, step) => base * schedule(before + step, total));
}
