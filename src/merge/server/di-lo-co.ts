import { fedAvgM } from './fed-avg-m.js';
import type { ServerOptimizer } from './server-optimizer.js';

/**
 * DiLoCo's outer step: SGD with Nesterov momentum on the averaged outer gradient −D. The rule is
 * FedAvgM with Nesterov. DiLoCo adds the settings (momentum 0.9 with η = 0.7) and an average of
 * equal weights, the strategy "mean-equal".
 * @see Douillard et al. 2023, Algorithm 1, https://arxiv.org/abs/2311.08105
 */
export function diLoCo({ momentum = 0.9 } = {}): ServerOptimizer {
  return { ...fedAvgM({ momentum, nesterov: true }), name: 'diloco' };
}
