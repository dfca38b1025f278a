import { type AdaptiveSettings, adaptive } from './adaptive.js';
import type { ServerOptimizer } from './server-optimizer.js';

/**
 * FedYogi: v ← v − (1−β₂)·D²·sign(v − D²), so v falls no faster than D² would raise it.
 * @see Reddi et al. 2021, Algorithm 2, https://arxiv.org/abs/2003.00295
 */
export function fedYogi(settings: AdaptiveSettings = {}): ServerOptimizer {
  const { beta2 = 0.99 } = settings;
  return adaptive('fed-yogi', settings, (v, squared) => v - (1 - beta2) * squared * Math.sign(v - squared));
}
