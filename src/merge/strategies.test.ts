import { describe, expect, it } from 'vitest';
import { MergeError } from './error.js';
import { type StrategyName, strategies, strategyByName, strategyNames } from './strategies.js';
import { type Oracle, strategyContract } from './strategy.contract.js';

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

const oracles: Record<StrategyName, Oracle> = {
  mean: (values, examples) => sum(values.map((value, k) => value * (examples[k]! / sum(examples)))),
  'mean-equal': (values) => sum(values.map((value) => value / values.length)),
  max: (values) => Math.max(...values),
  absmax: (values) => {
    const largest = Math.max(...values.map(Math.abs));
    return values.includes(largest) ? largest : -largest;
  },
};

for (const name of strategyNames) strategyContract(strategies[name], oracles[name]);

describe('the table of strategies', () => {
  it('has each strategy under its own name', () => {
    for (const name of strategyNames) expect(strategyByName(name).name).toBe(name);
  });

  it.each([
    ['absmx', 'did you mean "absmax"?'],
    ['Mean', 'did you mean "mean"?'],
    ['krumm', undefined],
    ['toString', undefined],
  ])('does not know "%s", lists what it knows, and suggests what is near', (name, hint) => {
    try {
      strategyByName(name);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(MergeError);
      expect(error).toMatchObject({
        message: `merge: there is no strategy "${name}", expected one of mean, mean-equal, max, absmax`,
        hint,
      });
    }
  });
});
