import { type AdaptiveSettings, adaptive } from './adaptive.js';
import type { ServerOptimizer } from './server-optimizer.js';

/**
 * FedAdam: v ← β₂·v + (1−β₂)·D².
 * @see Reddi et al. 2021, Algorithm 2, https://arxiv.org/abs/2003.00295
 */
export function fedAdam(settings: AdaptiveSettings = {}): ServerOptimizer {
  const { beta2 = 0.99 } = settings;
  return adaptive('fed-adam', settings, (v, squared) => beta2 * v + (1 - beta2) * squared);
}
