/** Says the figure of the copied model on the examples of those who share their sums, together. */
import type { RunResult } from '../../federation/record/run-result.js';
import { named } from '../../metrics/metric.js';
import { plural } from '../numbers.js';

/**
 * By the main metric, of the last round that has it.
 * @param examples what the examples are called
 */
export function togetherLine(
  { rounds, metrics: [metric], participants: all }: Pick<RunResult, 'rounds' | 'metrics' | 'participants'>,
  examples: string,
): string[] {
  const last = rounds.findLast(({ together }) => together !== undefined);
  const { figure, participants } = last?.together?.[metric.name] ?? {};
  if (last === undefined || figure === undefined) return [];
  return [
    `the copied model of round ${last.round} has ${named(metric, figure)} on the validation ${examples} of ${participants} of ${plural(all.length, 'participant')}, all together`,
  ];
}
