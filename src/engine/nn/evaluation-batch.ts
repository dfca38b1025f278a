/**
 * How many examples are evaluated at a time. Large batches make small examples faster. Of large
 * ones, such as photos, a few keep all cores busy, and more would only take memory, which the
 * engine does not give back.
 */
import { evaluationStep, type StepDescription } from './training-step.js';
import { workingSetBytes } from './working-set.js';

/** Of small examples. */
export const MOST_EVALUATED = 25;
/** What the values of a batch may take. */
const MOST_BYTES = 2 ** 24;

export function evaluationBatchOf(description: StepDescription): number {
  const bytes = (examples: number) => workingSetBytes(evaluationStep(description, examples));
  const ofOneMore = (bytes(MOST_EVALUATED) - bytes(1)) / (MOST_EVALUATED - 1);
  return Math.max(1, Math.min(MOST_EVALUATED, Math.floor(MOST_BYTES / ofOneMore)));
}
