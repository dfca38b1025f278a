/**
 * The common part of FedAdagrad, FedAdam and FedYogi (Reddi et al. 2021, Algorithm 2,
 * https://arxiv.org/abs/2003.00295): m ← β₁·m + (1−β₁)·D, a rule of its own for v, and d = m/(√v +
 * τ). There is no bias correction. v begins at τ², the least that the paper allows; τ sets how
 * adaptive they are.
 */
import type { ServerOptimizer } from './server-optimizer.js';

export interface AdaptiveSettings {
  /** 0.9 by default, 0 with FedAdagrad. */
  readonly beta1?: number;
  /** For FedAdam and FedYogi; 0.99 by default. */
  readonly beta2?: number;
  /** τ; 1e-3 by default. */
  readonly tau?: number;
}

/** @param nextV from v and D² to the next v */
export function adaptive(
  name: string,
  { beta1 = 0.9, tau = 1e-3 }: AdaptiveSettings,
  nextV: (v: number, squared: number) => number,
): ServerOptimizer {
  return {
    name,
    slots: [
      { name: 'm', initial: 0 },
      { name: 'v', initial: tau * tau },
    ],
    update(pseudoGradient, slots) {
      const m = beta1 * (slots[0] as number) + (1 - beta1) * pseudoGradient;
      const v = nextV(slots[1] as number, pseudoGradient * pseudoGradient);
      slots[0] = m;
      slots[1] = v;
      return m / (Math.sqrt(v) + tau);
    },
  };
}
