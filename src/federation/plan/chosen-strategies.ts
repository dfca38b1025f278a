/** The strategies that a configuration names, checked against everything that they need. */
import { updatesProblem } from '../../merge/memory/checks.js';
import { readStrategy, strategyAliases, strategyNames } from '../../merge/strategies/strategies.js';
import type { Strategy } from '../../merge/strategy.js';
import { type Configuration, ConfigurationError } from '../../protocol/configuration/configuration.js';
import type { Method } from '../methods/method.js';
import { auxiliariesProblem } from '../methods/methods.js';
import { unknownName } from './unknown-name.js';

export interface ChosenStrategies {
  readonly strategy: Strategy;
  readonly compared: readonly Strategy[];
}

/**
 * @param own strategies that a program brings itself
 * @param source what errors call the configuration
 * @param methods that it brings
 */
export function chooseStrategies(
  configuration: Configuration,
  own: readonly Strategy[],
  source: string,
  methods: readonly Method[] = [],
): ChosenStrategies {
  const names = [...strategyNames, ...strategyAliases.keys()];
  const taken = own.find(({ name }) => names.some((known) => known === name));
  if (taken !== undefined) {
    throw new ConfigurationError(`${source}: there is a strategy "${taken.name}" already`, {
      hint: 'give yours another name',
    });
  }
  const byName = (field: string, name: string) => {
    const mine = own.find((strategy) => strategy.name === name);
    if (mine !== undefined) return mine;
    const reading = readStrategy(name);
    if ('strategy' in reading) return reading.strategy;
    throw unknownName(source, field, name, [...own.map((strategy) => strategy.name), ...strategyNames]);
  };
  const checked = (field: string, name: string) => {
    const strategy = byName(field, name);
    const problem = problemOf(strategy, configuration, methods);
    if (problem === undefined) return strategy;
    throw new ConfigurationError(`${source}: "${field}" is "${name}", which ${problem}`);
  };
  const strategy = checked('strategy', configuration.strategy);
  const compared = [...new Set(configuration.compare)].map((name) => checked('compare', name));
  if (configuration.mergeOn === 'updates' && configuration.initialWeights === 'independent') {
    throw new ConfigurationError(
      `${source}: "mergeOn" is "updates", but independent initial weights have no common base`,
      { hint: 'set "initialWeights" to "shared", or "mergeOn" to "weights"' },
    );
  }
  if (configuration.align && configuration.correction?.name === 'scaffold') {
    throw new ConfigurationError(
      `${source}: "align" is true, but SCAFFOLD's control variates stay in each participant's own order of units`,
      { hint: 'leave "align" or "correction" out' },
    );
  }
  return { strategy, compared: compared.filter(({ name }) => name !== configuration.strategy) };
}

/** Why this federation cannot merge by the strategy. */
function problemOf(
  strategy: Strategy,
  configuration: Configuration,
  methods: readonly Method[],
): string | undefined {
  const { partition, participantsPerRound, quorum, initialWeights } = configuration;
  if (strategy.on === 'updates' && initialWeights === 'independent') {
    return 'is applied to updates, but independent initial weights have no common base';
  }
  return (
    auxiliariesProblem(strategy, configuration, methods) ??
    updatesProblem(strategy, quorum ?? participantsPerRound ?? partition.participants)
  );
}
