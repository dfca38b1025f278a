/** Computes the learning rate of every step of a round, from a schedule that spans the run. */
import type { Schedule } from '../engine/nn/schedules.js';
import { TrainingError } from './error.js';

/** The number of steps of local training that takes all its epochs. */
export function stepsOf(examples: number, batchSize: number, epochs: number): number {
  return Math.ceil(examples / batchSize) * epochs;
}

/** The most steps of a round; so many would take days. */
const MOST_STEPS = 2 ** 24;

/** The place of a round in the run's schedule, in steps. */
export interface Span {
  /** The steps of all rounds before. */
  readonly before: number;
  /** The steps of all rounds. */
  readonly total: number;
}

/**
 * The learning rate of each step. A round has the same part of the schedule at every participant,
 * however earlier rounds went. A participant that stops early skips the rest of its part.
 * @param steps of this round
 * @throws TrainingError when there are more than `MOST_STEPS`
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
