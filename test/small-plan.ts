/**
 * The plan of a run for tests whose tasks are made up: everything is mean and plain, one epoch a
 * round, and nothing is pooled, unless a test says otherwise.
 */
import type { FederationPlan } from '../src/federation/plan/plan-parts.js';
import type { RoundRules } from '../src/federation/rounds/round.js';
import { mean } from '../src/merge/strategies/mean.js';
import { classificationMetrics } from '../src/metrics/classification.js';
import { plainBothWays } from '../src/transforms/codec/codecs.js';

type Chosen = 'layout' | 'shares' | 'initialState';

export function smallPlan(
  rules: Partial<RoundRules> & Pick<RoundRules, 'participants' | 'rounds'>,
  parts: Partial<Omit<FederationPlan, 'rules'>> & Pick<FederationPlan, Chosen>,
): FederationPlan {
  return {
    rules: { metrics: classificationMetrics, reference: undefined, pooled: false, ...rules },
    transforms: () => [],
    codec: plainBothWays,
    testExamples: 1,
    work: (participant, round) => ({
      ...{ participant, round, seed: 1, epochs: 1 },
      learningRates: Float32Array.of(1),
    }),
    pooledWork: () => {
      throw new Error('nothing is pooled here');
    },
    strategy: mean(),
    mergeOn: 'weights',
    compared: [],
    keep: 1,
    ...parts,
  };
}
