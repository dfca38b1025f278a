import type { Attack } from './attack.js';
import { stretched } from './stretched.js';

/**
 * The update scaled up: w = w_t + s·Δ. With s = n it replaces the mean, whatever the others learnt.
 * @see Bagdasaryan et al. 2018, "How To Backdoor Federated Learning" (model replacement),
 * https://arxiv.org/abs/1807.00459
 */
export function scaled({ scale }: { scale: number }): Attack {
  return {
    name: 'scaled',
    settings: { scale },
    from: 'own-update',
    craft: (base, trained) => stretched(base, trained, scale),
  };
}
