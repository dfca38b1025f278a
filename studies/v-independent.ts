/**
 * What alignment gives where every environment begins with weights of its own: round 1 of the
 * paper.
 */
import type { ConfigurationInput } from '../src/protocol/configuration/configuration.js';
import { difference, merged, own, validation } from './queue/measures.js';
import type { Study } from './queue/study.js';

const mean = merged('mean');
const paperCnn: Partial<ConfigurationInput> = { model: { name: 'paper-cnn' }, local: { epochs: 2 } };

export const vIndependent: Study = {
  name: 'v-independent',
  description:
    'V, independent initial weights, round 1: how far below the environments’ own models is their mean, plain and aligned? Expected: 6 points or more without, within 3 with. Longer training costs the plain mean more, so mlp, which takes seconds, has six epochs, and paper-cnn two.',
  base: {
    dataset: 'fashion-mnist',
    normalization: { mean: [0.286], deviation: [0.353] },
    partition: { name: 'v', participants: 2 },
    model: { name: 'mlp' },
    initialWeights: 'independent',
    optimizer: { name: 'adam', learningRate: 1e-3 },
    local: { epochs: 6 },
    rounds: 1,
    compare: ['max', 'absmax'],
  },
  variations: [
    { name: 'mlp' },
    { name: 'mlp, aligned', change: { align: true } },
    { name: 'paper-cnn', change: paperCnn },
    { name: 'paper-cnn, aligned', change: { ...paperCnn, align: true } },
  ],
  seeds: [0, 1, 2, 3, 4],
  table: {
    rows: 'variations',
    measures: [own, mean, difference(mean, own, 'mean − own'), merged('max'), merged('absmax'), validation],
  },
};
