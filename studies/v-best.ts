/** How good the paper's network can be in V: the recipe of `reproduce v --profile best`, and what it was chosen over. */
import { profile } from '../src/federation/profiles.js';
import { merged, own, validation } from './queue/measures.js';
import type { Study } from './queue/study.js';

const base = profile('v', 'best', 0);
/** To choose by their validation accuracy; the one that is chosen becomes the profile, and has all seeds. */
const candidate = { seeds: [0] };

export const vBest: Study = {
  name: 'v-best',
  description:
    'V, best profile: at least 93.2% merged on the test images, by 30 epochs in 15 rounds with augmentation. What is not known beforehand: the optimizer, where SGD usually ends higher in long runs and AdamW is less sensitive to its rate; and how much regularization so small a network (106,000 weights) bears, which by 30 epochs may be short of capacity rather than overfit. Validation has 6,000 images: differences below 0.3 points decide nothing.',
  base,
  variations: [
    { name: 'best' },
    {
      name: 'adamw',
      ...candidate,
      change: { optimizer: { name: 'adamw', learningRate: 3e-3, weightDecay: 0.02 } },
    },
    {
      name: 'less regularized',
      ...candidate,
      change: { model: { name: 'paper-cnn' }, augmentation: { flip: true, shift: 1 } },
    },
  ],
  seeds: [0, 1, 2],
  table: {
    rows: 'variations',
    measures: [
      validation,
      own,
      merged('mean'),
      merged('ema(decay=0.43)', 'ema'),
      merged('max'),
      merged('absmax'),
    ],
  },
};
