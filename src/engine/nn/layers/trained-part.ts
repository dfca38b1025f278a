/**
 * Which weights of a network are trained, by patterns of their names: all by default, or those that
 * `train` names, without those that `freeze` names. The others are frozen.
 */
import type { Complaint } from '../../../base/complaint.js';
import { idlePattern, matchesAny, nearestToPattern } from '../../../base/patterns.js';

export interface TrainedPart {
  /** Only these weights are trained; all by default. */
  readonly train?: readonly string[] | undefined;
  /** These weights are not trained, also where `train` names them. */
  readonly freeze?: readonly string[] | undefined;
}

export const isTrained = (name: string, { train, freeze = [] }: TrainedPart): boolean =>
  (train === undefined || matchesAny(name, train)) && !matchesAny(name, freeze);

/**
 * Why this part of the weights cannot be trained: a pattern matches no weight, or none is left.
 * @param weights the names of all weights, trained or not
 */
export function trainedPartProblem(part: TrainedPart, weights: readonly string[]): Complaint | undefined {
  const { train, freeze = [] } = part;
  const idle = idleProblem('train', train ?? [], weights) ?? idleProblem('freeze', freeze, weights);
  if (idle !== undefined || train === undefined) return idle;
  if (weights.some((name) => isTrained(name, part))) return undefined;
  return {
    message: '"train" names only weights that "freeze" names, too, expected one to be trained',
    hint: 'take it out of "freeze"',
  };
}

/**
 * A pattern that matches none of the names: usually a spelling mistake.
 * @param field the setting that has the patterns
 * @param what the names are of
 */
export function idleProblem(
  field: string,
  patterns: readonly string[],
  names: readonly string[],
  what = 'weight',
): Complaint | undefined {
  const idle = idlePattern(patterns, names);
  if (idle === undefined) return undefined;
  const nearest = nearestToPattern(idle, names);
  return {
    message: `the pattern "${idle}" in "${field}" matches no ${what}`,
    hint: nearest === undefined ? `the network has ${names.join(', ')}` : `did you mean "${nearest}"?`,
  };
}
