/** Every strategy by the name that settings and the command line call it. */
import { nearestName } from '../tensor/nearest-name.js';
import { absmax } from './absmax.js';
import { MergeError } from './error.js';
import { max } from './max.js';
import { mean } from './mean.js';
import type { Strategy } from './strategy.js';

export const strategies = {
  mean: () => mean(),
  'mean-equal': () => mean({ by: 'equal' }),
  max,
  absmax,
} satisfies Record<string, () => Strategy>;

export type StrategyName = keyof typeof strategies;

export const strategyNames = Object.keys(strategies) as StrategyName[];

/** The name by which another thread makes the same strategy; undefined for one that a program brings itself. */
export function builtInName(strategy: Strategy): StrategyName | undefined {
  return made.get(strategy);
}

const made = new WeakMap<Strategy, StrategyName>();

/**
 * The strategy of this name.
 * @throws MergeError when there is none; it lists the names and suggests the nearest.
 */
export function strategyByName(name: string): Strategy {
  const known = strategyNames.find((candidate) => candidate === name);
  if (known !== undefined) {
    const strategy = strategies[known]();
    made.set(strategy, known);
    return strategy;
  }
  const nearest = nearestName(name, strategyNames);
  throw new MergeError(`merge: there is no strategy "${name}", expected one of ${strategyNames.join(', ')}`, {
    ...(nearest === undefined ? {} : { hint: `did you mean "${nearest}"?` }),
  });
}
