/**
 * A whole federation as its coordinator carries it out: rules, shares, strategies, and everybody's
 * work in every round.
 */
import type { TrainTestSplit } from '../../data/dataset.js';
import type { Share } from '../../data/partition/partition.js';
import type { Plan } from '../../engine/nn/plan.js';
import { alignUpdates } from '../../merge/align/align.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import type { StateDict } from '../../tensor/state-dict.js';
import { plainBothWays } from '../../transforms/codec/codecs.js';
import type { AfterMerge } from '../methods/after-merge.js';
import { attackersOf } from './attackers.js';
import type { ChosenStrategies } from './chosen-strategies.js';
import type { FederationPlan } from './plan-parts.js';
import { rulesOf } from './rules.js';
import { transformsOf } from './transforms.js';
import { workPlan } from './work-plan.js';

export function federationPlan(
  configuration: Configuration,
  plan: Plan,
  shares: readonly Share[],
  data: Pick<TrainTestSplit, 'test'>,
  { strategy, compared }: ChosenStrategies,
  initial: (participant: string) => StateDict,
  {
    codec = plainBothWays,
    ...afterMerge
  }: AfterMerge &
    Partial<
      Pick<FederationPlan, 'refit' | 'methods' | 'codec' | 'own' | 'statistics' | 'survey' | 'frozen'>
    > = {},
): FederationPlan {
  const participants = shares.map(({ name }) => name);
  const rules = rulesOf(configuration, participants);
  const attackers = attackersOf(configuration, participants);
  return {
    ...{ rules, attackers, codec, transforms: transformsOf(configuration, codec.update, attackers) },
    clipUpdate: configuration.clipUpdate,
    layout: afterMerge.own?.layout.shared ?? plan.layout,
    shares,
    testExamples: data.test.examples,
    keep: configuration.keep,
    ...(configuration.finalRound === 'best' && { bestBy: rules.metrics[0] }),
    // All examples are the coordinator's own.
    ...(configuration.shareSums && { shareSums: { smallestCount: 1 } }),
    mergeOn: configuration.mergeOn,
    ...(configuration.bootstrap !== undefined && {
      bootstrap: { resamples: configuration.bootstrap, seed: configuration.seed },
    }),
    ...(configuration.align && {
      align: (updates, reference) =>
        alignUpdates(plan.permutationGroups, updates, { seed: configuration.seed, reference }),
    }),
    ...{ strategy, compared, ...afterMerge },
    initialState: initial,
    startsApart: configuration.initialWeights === 'independent' && configuration.initialModel === undefined,
    ...workPlan(configuration, shares, rules),
  };
}
