/** How the gap between H and pooled training closes with the number of merges, at the same number of local steps. */
import { profile } from '../src/federation/profiles.js';
import type { ConfigurationInput } from '../src/protocol/configuration.js';
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
const masked: Partial<ConfigurationInput> = { correction: { name: 'fed-lc' } };
const merges = (rounds: number, each: number, evaluateEvery = 1): Partial<ConfigurationInput> => ({
  rounds,
  local: { steps: each },
  evaluateEvery,
});
const candidate = { seeds: [0] };

export const hMerges: Study = {
  name: 'h-merges',
  description:
    'H, two environments of five classes, 3,400 local steps of 64 each, in 1, 10, 100 and 1,000 merges; the reference is pooled training of 3,400 steps of 128, with the same data, loss, augmentation and rates, which must reach 91.5%. Expected gaps: at most 1.5 points with 100 merges and near 0 with 1,000, where plain steps with Nesterov momentum at the server come close to pooled steps; at most 4 with 10, which like 1 depend on the refit: their mean knows features of all classes, but no last layer that tells those of different environments apart. With few merges classes that an environment lacks are masked (fed-lc), so that it does not unlearn them; with 100, masks would hide what the merges bring, and are tried for the first half only.',
  base: { ...steps, compare: [], refit: { rounds: 'last' } },
  variations: [
    {
      name: 'pooled',
      change: {
        ...momentum,
        ...merges(1, 3400),
        partition: { name: 'h', participants: 1, validation: 0.1 },
        batchSize: 128,
      },
    },
    // After the only round the refitted model is what is copied, and validated.
    { name: '1 merge', change: { ...momentum, ...merges(1, 3400), ...masked, refit: { rounds: 'every' } } },
    { name: '10 merges', change: { ...momentum, ...merges(10, 340, 5), ...masked } },
    { name: '100 merges', change: { ...merges(100, 34, 25), server } },
    { name: '1,000 merges', change: { evaluateEvery: 250, server } },
    // Is it the masks that make one merge bearable?
    {
      name: '1 merge, no masks',
      ...candidate,
      change: { ...momentum, ...merges(1, 3400), refit: { rounds: 'every' } },
    },
    // A last layer that knows all classes before every round: local training then begins with it, and masks keep it.
    {
      name: '10 merges, each refitted',
      ...candidate,
      change: { ...momentum, ...merges(10, 340, 5), ...masked, refit: { rounds: 'every' } },
    },
    {
      name: '100 merges, masks for half',
      ...candidate,
      change: { ...merges(100, 34, 25), server, correction: { name: 'fed-lc', until: 0.5 } },
    },
    // As many steps, but short rounds at the end, where drift is not averaged away any more.
    {
      name: '100 merges, 64 steps then 14',
      ...candidate,
      change: {
        ...merges(100, 64, 25),
        local: {
          steps: [
            { from: 1, steps: 64 },
            { from: 41, steps: 14 },
          ],
        },
        server,
      },
    },
  ],
  seeds: [0, 1, 2],
  table: {
    rows: 'variations',
    measures: [
      validation,
      mean,
      fromVariation(mean, 'pooled', 'mean − pooled'),
      refit,
      fromVariation(refit, 'pooled', 'refitted − pooled', mean),
    ],
  },
};
