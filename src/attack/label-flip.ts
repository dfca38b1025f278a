import { categoriesOf, type Dataset, toShared } from '../data/dataset.js';
import type { Attack } from './attack.js';

/**
 * Honest training on reversed labels: class c becomes classes − 1 − c, in the attacker's validation
 * data, too.
 * @see Fang et al. 2020, "Local Model Poisoning Attacks to Byzantine-Robust Federated Learning"
 * (label flipping), https://arxiv.org/abs/1911.11815
 */
export function labelFlip(): Attack {
  return {
    name: 'label-flip',
    settings: {},
    from: 'data',
    poison({ name, examples, inputs, targets: [labels, ...others] }): Dataset {
      if (labels === undefined) throw new Error('internal: there are no labels to reverse');
      const last = categoriesOf({ targets: [labels] }).length - 1;
      const values = toShared(labels.values.map((label) => last - label));
      return { name, examples, inputs, targets: [{ ...labels, values }, ...others] };
    },
  };
}
