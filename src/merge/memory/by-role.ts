/**
 * Merges a tensor by its role (`tensor/roles.ts`). The strategy is for weights alone. Statistics of
 * batch normalization are averaged, whatever the strategy, since nothing else keeps them
 * statistics. Of counters the largest is taken.
 */
import type { Dtype } from '../../tensor/dtype.js';
import { isVariance, type Role, roleOf } from '../../tensor/roles.js';
import { MergeError } from '../error.js';
import { floatFormat } from '../kernels/float-format.js';
import { canCompareIntegers } from '../kernels/largest-integers.js';
import { max } from '../strategies/max.js';
import { mean } from '../strategies/mean.js';
import type { Column, Combination } from '../strategy.js';

/**
 * - `mean`: statistics by the mean, weighted by examples; counters the largest
 * - `strategy`: statistics as weights are; counters the largest
 * - `first`: statistics, counters and tensors of integers as the first that is named has them
 */
export const statisticsChoices = ['mean', 'strategy', 'first'] as const;
export type Statistics = (typeof statisticsChoices)[number];

/** `equal`: they must be, and are copied. */
export type Rule = 'strategy' | 'mean' | 'largest' | 'first' | 'equal';

export function ruleOf(name: string, dtype: Dtype, statistics: Statistics): Rule {
  const role = roleOf(name);
  if (floatFormat(dtype) === undefined) {
    if (statistics === 'first') return 'first';
    return role === 'counter' && canCompareIntegers(dtype) ? 'largest' : 'equal';
  }
  if (role === 'weight') return 'strategy';
  if (role === 'counter' && statistics !== 'first') return 'largest';
  return statistics;
}

/**
 * What floating-point values are combined by that the strategy is not for. @param first the index
 * of what was named first
 */
export function othersThanStrategy(first: number): Readonly<Record<Exclude<Rule, 'strategy'>, Combination>> {
  const one: Combination = { combine: (out, columns) => out.set(columns[first] as Column) };
  return { mean: mean(), largest: max(), first: one, equal: one };
}

/** What of these tensors has a rule of its own, in a line; undefined where there is none. */
export function roleNote(names: readonly string[], statistics: Statistics): string | undefined {
  const count = (role: Role) => names.filter((name) => roleOf(name) === role).length;
  const some = (tensors: number, one: string) => `${tensors} ${tensors === 1 ? one : `${one}s`}`;
  const [found, counters] = [count('statistic'), count('counter')];
  if (found + counters === 0) return undefined;
  const how = { mean: 'by the weighted mean', strategy: 'by the strategy', first: 'as in the first' }[
    statistics
  ];
  const parts = [
    ...(found > 0 ? [`${some(found, 'statistic')} ${how}`] : []),
    ...(counters > 0
      ? [`${some(counters, 'counter')} ${statistics === 'first' ? how : 'by the largest'}`]
      : []),
  ];
  const others = statisticsChoices.filter((choice) => choice !== statistics);
  return `batch norm: ${parts.join(', ')}; statistics may be "${others.join('" or "')}" instead of "${statistics}"`;
}

/**
 * @throws MergeError where a merged variance is below 0. @param at the index in the tensor of the
 *   first value
 */
export function checkVariances(name: string, values: Column, at: number): void {
  if (!isVariance(name)) return;
  const bad = values.findIndex((value: number) => value < 0);
  if (bad < 0) return;
  throw new MergeError(
    `merge: the merged "${name}" is ${values[bad]} at index ${at + bad}, expected a variance, not below 0`,
    { hint: 'merge statistics by the mean, and look at the variances of the models' },
  );
}
