/** Maxima of weights, and of what training changed in them. */
import { merged, own } from './queue/measures.js';
import type { Study } from './queue/study.js';

export const vMax: Study = {
  name: 'v-max',
  description:
    'V, shared initial weights, round 1: max and absmax of the weights, or of their changes. On weights max adds a bias of 0.56 σ to each, σ that of the initial weights; on updates σ is that of the changes, which are smaller. Expected: 42% against 85% or more; absmax near the mean either way. Less training, smaller changes: so one epoch beside four.',
  base: {
    dataset: 'fashion-mnist',
    partition: { name: 'v', participants: 2 },
    model: { name: 'paper-cnn' },
    initialWeights: 'shared',
    optimizer: { name: 'adam', learningRate: 1e-3 },
    local: { epochs: 4 },
    rounds: 1,
    compare: ['max', 'max(on=updates)', 'absmax', 'absmax(on=updates)'],
  },
  variations: [{ name: '4 epochs' }, { name: '1 epoch', change: { local: { epochs: 1 } } }],
  seeds: [0, 1, 2, 3, 4],
  table: {
    rows: 'variations',
    measures: [
      own,
      merged('mean'),
      merged('max'),
      merged('max(on=updates)', 'max on updates'),
      merged('absmax'),
      merged('absmax(on=updates)', 'absmax on updates'),
    ],
  },
};
