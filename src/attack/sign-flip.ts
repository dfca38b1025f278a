import type { Attack } from './attack.js';
import { stretched } from './stretched.js';

/**
 * The update with its sign flipped: w = w_t − s·Δ, which climbs where the others descend.
 * @see Li et al. 2019, "RSA: Byzantine-Robust Stochastic Aggregation Methods",
 * https://arxiv.org/abs/1811.03761
 */
export function signFlip({ scale }: { scale: number }): Attack {
  return {
    name: 'sign-flip',
    settings: { scale },
    from: 'own-update',
    craft: (base, trained) => stretched(base, trained, -scale),
  };
}
