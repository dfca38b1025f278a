/**
 * How good the paper's network can be in V: the recipe of `reproduce v --profile best`, and what it
 * was chosen over.
 */
import { profile } from '../src/federation/plan/profiles.js';
import type { ConfigurationInput } from '../src/protocol/configuration/configuration.js';
import { merged, own, test, validation } from './queue/measures.js';
import type { Study, Variation } from './queue/study.js';

const base: ConfigurationInput = { ...profile('v', 'best', 0), compare: [] };

/**
 * To choose by their validation accuracy; the one that is chosen becomes the profile, and has all
 * seeds.
 */
const candidate = (name: string, change: Partial<ConfigurationInput>): Variation => ({
  name,
  seeds: [0],
  change,
});

const short: Partial<ConfigurationInput> = {
  rounds: 840,
  evaluateEvery: 210,
  average: { name: 'swa', from: 420 },
};
/** Merged seldom: local training has a momentum of its own, and no refit. */
const seldom: Partial<ConfigurationInput> = {
  augmentation: { flip: true },
  optimizer: { name: 'sgd', learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
  schedule: { name: 'one-cycle', warmUp: 0.2 },
  server: undefined,
  refit: undefined,
  compare: ['max', 'absmax'],
};
const twoEpochs: Partial<ConfigurationInput> = {
  ...seldom,
  local: { epochs: 2 },
  rounds: 15,
  evaluateEvery: 3,
  average: { name: 'ema', decay: 0.43 },
};

export const vBest: Study = {
  name: 'v-best',
  description:
    'V, best profile: at least 93.2% merged on the test images. What is not known beforehand: how often to merge, where rounds of many epochs gain most by a merge and rounds of ten steps are pooled training with batches of 128; and how much regularization so small a network (106,000 weights) bears, which may be short of capacity rather than overfit. Validation has 6,000 images: differences below 0.3 points decide nothing.',
  base,
  variations: [
    { name: 'best' },
    candidate('20 epochs', short),
    candidate('20 epochs, rate 0.1', {
      ...short,
      optimizer: { name: 'sgd', learningRate: 0.1, weightDecay: 5e-4 },
    }),
    candidate('20 epochs, flips, dropout', {
      ...short,
      augmentation: { flip: true },
      model: { name: 'paper-cnn', dropout: 0.2 },
    }),
    candidate('30 epochs, flips', { augmentation: { flip: true }, rounds: 1260, evaluateEvery: 126 }),
    candidate('3 × 10 epochs, flips', { ...seldom, local: { epochs: 10 }, rounds: 3, evaluateEvery: 1 }),
    candidate('15 × 2 epochs, flips', twoEpochs),
    candidate('15 × 2 epochs, regularized', {
      ...twoEpochs,
      model: { name: 'paper-cnn', dropout: 0.2 },
      augmentation: { flip: true, shift: 2 },
      loss: { name: 'softmax-cross-entropy', labelSmoothing: 0.05 },
    }),
  ],
  seeds: [0, 1, 2],
  table: {
    rows: 'variations',
    measures: [validation, own, merged('mean'), test],
  },
};
