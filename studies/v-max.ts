/**
 * Maxima of weights, and of what training changed in them. They are the same for max, and not for
 * absmax.
 */
import { merged, own } from './queue/measures.js';
import type { Study } from './queue/study.js';

export const vMax: Study = {
  name: 'v-max',
  description:
    'V, shared initial weights, round 1: max and absmax of the weights, or of their changes. On weights max adds a bias of 0.56 σ to each. Expected: 42% on weights against 85% or more on changes; absmax near the mean either way. Less training, smaller changes: so one epoch beside four. Found: max is the same on both, as it must be, since max(w + Δ₁, w + Δ₂) = w + max(Δ₁, Δ₂).',
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
