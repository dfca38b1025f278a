/**
 * What a configuration asks for, built: its strategies, shares, and everybody's work in every
 * round.
 */

import { nearestName } from '../../base/nearest-name.js';
import type { Dataset, TrainTestSplit } from '../../data/dataset.js';
import { type Partitioner, participantNames, partition, type Share } from '../../data/partition/partition.js';
import { isPartitionerName, partitionByName, partitionerNames } from '../../data/partition/partitioners.js';
import { shareRandomPart } from '../../data/partition/random-part.js';
import { type Strata, strataOf } from '../../data/partition/strata.js';
import type { Plan } from '../../engine/nn/plan.js';
import { alignUpdates } from '../../merge/align/align.js';
import { updatesProblem } from '../../merge/memory/checks.js';
import { readStrategy, strategyNames } from '../../merge/strategies/strategies.js';
import type { Strategy } from '../../merge/strategy.js';
import { targetOf } from '../../metrics/target.js';
import { type Configuration, ConfigurationError } from '../../protocol/configuration/configuration.js';
import { metricsOf } from '../../protocol/configuration/task-metrics.js';
import type { StateDict } from '../../tensor/state-dict.js';
import type { AfterMerge } from '../methods/after-merge.js';
import type { Method } from '../methods/method.js';
import { auxiliariesProblem, checkMethods } from '../methods/methods.js';
import type { RoundRules } from '../rounds/round.js';
import { attackersOf } from './attackers.js';
import type { FederationPlan } from './plan-parts.js';
import { transformsOf } from './transforms.js';
import { workPlan } from './work-plan.js';

/** The "partition" of participants elsewhere, each with data of its own. */
export const OWN_DATA = 'own';

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
  checkMethods(methods, source);
  const taken = own.find(({ name }) => strategyNames.some((known) => known === name));
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

export function sharesOf(configuration: Configuration, data: TrainTestSplit, source: string): Share[] {
  const { participants, validation } = configuration.partition;
  if (configuration.partition.name === OWN_DATA) {
    throw new ConfigurationError(
      `${source}: "partition.name" is "${OWN_DATA}", by which everybody brings their own data, expected one of ${partitionerNames.join(', ')} on one machine`,
      { hint: 'lead it by `commonweight serve`, where the others join; or name a partitioner' },
    );
  }
  const { seed, examples, participants: names } = configuration;
  const partitioner = partitionerOf(configuration, partitionerNames, source);
  const deal = (part: Dataset | Strata) =>
    partition(part, partitioner, { participants, seed, validationFraction: validation, names });
  if (examples === undefined) return deal(data.train);
  if (examples > data.train.examples) {
    throw new ConfigurationError(
      `${source}: "examples" is ${examples}, expected at most the ${data.train.examples} training examples that there are`,
    );
  }
  return shareRandomPart(strataOf(data.train), examples, seed, deal);
}

/**
 * Across machines nobody deals out data, but a configuration may say how a run on one machine
 * would.
 * @throws ConfigurationError when there is no such way; PartitionError when it does not take these
 *   settings
 */
export function checkPartition(configuration: Configuration, source: string): void {
  const { name, participants: _, validation: __, ...rest } = configuration.partition;
  if (name !== OWN_DATA) partitionerOf(configuration, [OWN_DATA, ...partitionerNames], source);
  const setting = Object.entries(rest).find(([, value]) => value !== undefined)?.[0];
  if (name !== OWN_DATA || setting === undefined) return;
  throw new ConfigurationError(
    `${source}: "partition.${setting}" is set, but "${OWN_DATA}" data are not dealt out`,
    {
      hint: `leave "partition.${setting}" out`,
    },
  );
}

function partitionerOf(
  { partition }: Configuration,
  expected: readonly string[],
  source: string,
): Partitioner {
  const { name, participants: _, validation: __, ...settings } = partition;
  if (isPartitionerName(name)) return partitionByName(name, settings);
  throw unknownName(source, 'partition.name', name, expected);
}

/**
 * @throws ConfigurationError when pooled training or a refit is asked for, but nobody could say how
 *   good it is.
 */
export function checkTestExamples(
  configuration: Configuration,
  { test }: Pick<TrainTestSplit, 'test'>,
  source: string,
): void {
  if (test.examples > 0) return;
  for (const field of ['pooled', 'refit'] as const) {
    if (configuration[field] === undefined || configuration[field] === false) continue;
    throw new ConfigurationError(
      `${source}: "${field}" is set, but there are no test examples to measure it on`,
      {
        hint: `leave "${field}" out, or give test examples`,
      },
    );
  }
}

function unknownName(source: string, field: string, name: string, known: readonly string[]) {
  const nearest = nearestName(name, known);
  return new ConfigurationError(
    `${source}: "${field}" is "${name}", expected one of ${known.join(', ')}`,
    nearest === undefined ? {} : { hint: `did you mean "${nearest}"?` },
  );
}

/** Everybody, in the order in which updates are merged. */
export const participantsOf = ({ participants, partition }: Configuration): readonly string[] =>
  participants ?? participantNames(partition.participants);

/** What decides when a run is at its end. */
export function rulesOf(configuration: Configuration, participants: readonly string[]): RoundRules {
  const {
    rounds,
    reference,
    pooled,
    refit,
    average,
    evaluateEvery,
    participantsPerRound: perRound,
    quorum,
    deadlineSeconds,
    mostExamples,
    seed,
  } = configuration;
  const attackers = attackersOf(configuration, participants);
  const metrics = metricsOf(configuration);
  return {
    participants,
    rounds,
    metrics,
    reference: reference === undefined ? undefined : targetOf(reference, metrics),
    pooled,
    refit: refit?.rounds,
    refitsAverage: average?.final,
    evaluateEvery,
    quorum,
    deadlineSeconds,
    mostExamples,
    ...(perRound !== undefined && { sampling: { perRound, seed } }),
    ...(attackers && {
      attackers: attackers.names,
      attackersWait: attackers.attack.from === 'honest-updates',
    }),
  };
}

export function federationPlan(
  configuration: Configuration,
  plan: Plan,
  shares: readonly Share[],
  data: Pick<TrainTestSplit, 'test'>,
  strategies: ChosenStrategies,
  initial: (participant: string) => StateDict,
  afterMerge: AfterMerge & Pick<FederationPlan, 'refit' | 'methods'> = {},
): FederationPlan {
  const participants = shares.map(({ name }) => name);
  const rules = rulesOf(configuration, participants);
  const attackers = attackersOf(configuration, participants);
  return {
    ...{ rules, attackers, transforms: transformsOf(configuration, attackers) },
    clipUpdate: configuration.clipUpdate,
    layout: plan.layout,
    shares,
    testExamples: data.test.examples,
    keep: configuration.keep,
    mergeOn: configuration.mergeOn,
    ...(configuration.align && {
      align: (updates, reference) =>
        alignUpdates(plan.permutationGroups, updates, { seed: configuration.seed, reference }),
    }),
    ...strategies,
    ...afterMerge,
    initialState: initial,
    startsApart: configuration.initialWeights === 'independent' && configuration.initialModel === undefined,
    ...workPlan(configuration, shares, rules),
  };
}
