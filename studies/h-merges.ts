/**
 * How the gap between H and pooled training closes with the number of merges, at the same number of
 * local steps.
 */
import { profile } from '../src/federation/plan/profiles.js';
import type { ConfigurationInput } from '../src/protocol/configuration/configuration.js';
import { fromVariation, merged, validation } from './queue/measures.js';
import type { Study } from './queue/study.js';

const { server, ...steps } = profile('h', 'best', 0);
const mean = merged('mean');
const refit = merged('refit', 'refitted');

/** Local training that is merged only now and then has a momentum of its own. */
const optimizer = {
  name: 'sgd',
  learningRate: 0.05,
  momentum: 0.9,
  nesterov: true,
  weightDecay: 5e-4,
} as const;
const momentum: Partial<ConfigurationInput> = { optimizer };
const pooled: Partial<ConfigurationInput> = {
  ...momentum,
  partition: { name: 'h', participants: 1, validation: 0.1 },
  batchSize: 128,
};
const masked: Partial<ConfigurationInput> = { correction: { name: 'fed-lc' } };
const merges = (rounds: number, each: number, evaluateEvery = 1): Partial<ConfigurationInput> => ({
  rounds,
  local: { steps: each },
  evaluateEvery,
});
const base: Study['base'] = { ...steps, compare: [], refit: { rounds: 'last' } };
const table: Study['table'] = {
  rows: 'variations',
  measures: [
    validation,
    mean,
    fromVariation(mean, 'pooled', 'mean − pooled'),
    refit,
    fromVariation(refit, 'pooled', 'refitted − pooled', mean),
    fromVariation(refit, 'pooled', 'refitted − pooled refitted'),
  ],
};

export const hMerges: Study = {
  name: 'h-merges',
  description:
    'H, two environments of five classes, 2,000 local steps of 64 each, in 1, 10, 100 and 1,000 merges; the reference is pooled training of 2,000 steps of 128, with the same data, loss, augmentation and rates, which must reach 91.5%. Expected gaps: at most 1.5 points with 100 merges and near 0 with 1,000, where plain steps with Nesterov momentum at the server come close to pooled steps; at most 4 with 10, which like 1 depend on the refit: their mean knows features of all classes, but no last layer that tells those of different environments apart. With few merges classes that an environment lacks are masked (fed-lc), so that it does not unlearn them; with 100, masks would hide what the merges bring.',
  base,
  variations: [
    { name: 'pooled', change: { ...pooled, ...merges(1, 2000) } },
    // After the only round the refitted model is what is copied, and validated.
    { name: '1 merge', change: { ...momentum, ...merges(1, 2000), ...masked, refit: { rounds: 'every' } } },
    { name: '10 merges', change: { ...momentum, ...merges(10, 200, 5), ...masked } },
    { name: '100 merges', change: { ...merges(100, 20, 25), server } },
    { name: '1,000 merges', change: { ...merges(1000, 2, 250), server } },
  ],
  seeds: [0, 1, 2],
  table,
};

export const hBest: Study = {
  name: 'h-best',
  description:
    'H, best profile: the same comparison with 3,400 steps, of which 1,000 merges are the profile. Expected: pooled training makes more of them than merges do, for 34 steps a merge pull further apart than 20.',
  base,
  variations: [
    { name: 'pooled', change: { ...pooled, ...merges(1, 3400) } },
    { name: '100 merges', change: { ...merges(100, 34, 25), server } },
    { name: '1,000 merges', change: { evaluateEvery: 250, server } },
  ],
  seeds: [0, 1, 2],
  table,
};
