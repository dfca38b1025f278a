/**
 * Merges a tensor by its role (`tensor/roles.ts`). The strategy merges weights only. Statistics of
 * batch normalization are averaged under every strategy, since only an average of statistics is a
 * statistic. Counters become the largest. Constants were given, and must be equal.
 */
import type { Dtype } from '../../tensor/dtype.js';
import { isVariance, type Role, roleOf } from '../../tensor/roles.js';
import { MergeError } from '../error.js';
import { floatFormat } from '../kernels/float-format.js';
import { canCompareIntegers } from '../kernels/largest-integers.js';
import { max } from '../strategies/max.js';
import { mean } from '../strategies/mean.js';
import type { Combination, ValueColumn } from '../strategy.js';

/**
 * - `mean`: statistics by the mean, weighted by examples; counters by the largest
 * - `strategy`: statistics like weights; counters by the largest
 * - `first`: statistics, counters and tensors of integers as in the first that is named
 */
export const statisticsChoices = ['mean', 'strategy', 'first'] as const;
export type Statistics = (typeof statisticsChoices)[number];

/** `equal`: all must be equal, and are copied. */
export type RoleRule = 'strategy' | 'mean' | 'largest' | 'first' | 'equal';

export function ruleOf(name: string, dtype: Dtype, statistics: Statistics): RoleRule {
  const role = roleOf(name);
  if (floatFormat(dtype) === undefined) {
    if (statistics === 'first') return 'first';
    return role === 'counter' && canCompareIntegers(dtype) ? 'largest' : 'equal';
  }
  if (role === 'weight') return 'strategy';
  if (role === 'constant') return 'equal';
  if (role === 'counter' && statistics !== 'first') return 'largest';
  return statistics;
}

/**
 * How floating-point values are combined to which the strategy does not apply. @param first the
 * index of the one that was named first
 */
export function othersThanStrategy(
  first: number,
): Readonly<Record<Exclude<RoleRule, 'strategy'>, Combination>> {
  const one: Combination = { combine: (out, columns) => out.set(columns[first] as ValueColumn) };
  return { mean: mean(), largest: max(), first: one, equal: one };
}

/** A line about the tensors that a rule of their own merges; undefined if there are none. */
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
  return `batch norm: ${parts.join(', ')}; --statistics is ${statistics}, and can be ${others.join(' or ')}`;
}

/**
 * @param whose whose values each column has
 * @param at the tensor index of the first value
 * @throws MergeError when a constant differs: models that were given other constants read other
 * numbers
 */
export function checkAlike(
  name: string,
  columns: readonly ValueColumn[],
  whose: (column: number) => string,
  at: number,
): void {
  const [first, ...others] = columns as [ValueColumn, ...ValueColumn[]];
  for (const [k, column] of others.entries()) {
    const bad = column.findIndex((value: number, i: number) => value !== first[i]);
    if (bad < 0) continue;
    throw new MergeError(
      `merge: the constant "${name}" is ${column[bad]} at index ${at + bad} in ${whose(k + 1)}, expected ${first[bad]} as in ${whose(0)}`,
      { hint: 'merge models whose constants were given alike' },
    );
  }
}

/**
 * @throws MergeError when a merged variance is below 0. @param at the tensor index of the first
 * value
 */
export function checkVariances(name: string, values: ValueColumn, at: number): void {
  if (!isVariance(name)) return;
  const bad = values.findIndex((value: number) => value < 0);
  if (bad < 0) return;
  throw new MergeError(
    `merge: the merged "${name}" is ${values[bad]} at index ${at + bad}, expected a variance, not below 0`,
    { hint: 'merge statistics by the mean, and look at the variances of the models' },
  );
}
