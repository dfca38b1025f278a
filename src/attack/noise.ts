import type { Attack } from './attack.js';

/**
 * The update with Gaussian noise: w = w_k + σ·ε, ε ~ N(0, 1) in each place.
 * @see Li et al. 2020, "Learning to Detect Malicious Clients for Robust Federated Learning"
 * (additive noise), https://arxiv.org/abs/2002.00211
 */
export function noise({ sigma }: { sigma: number }): Attack {
  return {
    name: 'noise',
    settings: { sigma },
    from: 'own-update',
    craft: (_, trained, stream) => trained.map((value) => value + sigma * stream.normal()),
  };
}
