import { imageDataset } from '../data/images/image-dataset.js';
import type { Attack } from './attack.js';

/**
 * Honest training on labels that are turned round: class c becomes classes − 1 − c, in its own validation too.
 * @see Fang et al. 2020, "Local Model Poisoning Attacks to Byzantine-Robust Federated Learning" (label flipping),
 *   https://arxiv.org/abs/1911.11815
 */
export function labelFlip(): Attack {
  return {
    name: 'label-flip',
    settings: {},
    from: 'data',
    poison(dataset) {
      const last = dataset.classNames.length - 1;
      return imageDataset({ ...dataset, labels: dataset.labels.map((label) => last - label) });
    },
  };
}
