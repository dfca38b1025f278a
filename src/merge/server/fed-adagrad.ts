import { type AdaptiveSettings, adaptive } from './adaptive.js';
import type { ServerOptimizer } from './server-optimizer.js';

/**
 * FedAdagrad: v ← v + D². By default it has no momentum, as in the paper's experiments.
 * @see Reddi et al. 2021, Algorithm 2, https://arxiv.org/abs/2003.00295
 */
export function fedAdagrad({
  beta1 = 0,
  tau,
}: Pick<AdaptiveSettings, 'beta1' | 'tau'> = {}): ServerOptimizer {
  return adaptive('fed-adagrad', { beta1, ...(tau !== undefined && { tau }) }, (v, squared) => v + squared);
}
