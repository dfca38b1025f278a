import type { ServerOptimizer } from './server-optimizer.js';

/**
 * FedAvgM: momentum at the server. m ← β·m + D and d = m, or d = D + β·m with Nesterov's
 * correction. With β = 0 and η = 1 the result is the merge itself.
 * @see Hsu et al. 2019, https://arxiv.org/abs/1909.06335
 */
export function fedAvgM({ momentum = 0.9, nesterov = false } = {}): ServerOptimizer {
  return {
    name: 'fed-avg-m',
    slots: [{ name: 'm', initial: 0 }],
    update(pseudoGradient, slots) {
      const m = momentum * (slots[0] as number) + pseudoGradient;
      slots[0] = m;
      return nesterov ? pseudoGradient + momentum * m : m;
    },
  };
}
