import type { Attack } from './attack.js';
import { AttackError } from './error.js';
import { normalQuantile } from './normal-quantile.js';

/**
 * A Little Is Enough: in each place w = μ − z·σ, the mean and deviation (÷ n − f) of the honest
 * updates. An honest participant might have sent such a value, so rules that look for outliers keep
 * it. Every attacker sends it.
 *
 * The paper's attackers estimate μ and σ from their own honest training. These attackers know the
 * honest updates; with few attackers, nothing else gives a useful estimate.
 * @param z by default the largest at which the attackers still pass for the majority, `alieZ`
 * @see Baruch et al. 2019, https://arxiv.org/abs/1902.06156, Algorithm 3
 */
export function alie({ z }: { z: number }): Attack {
  return {
    name: 'alie',
    settings: { z },
    from: 'honest-updates',
    craft(honest) {
      return (honest[0] as Float32Array).map((_, i) => {
        let sum = 0;
        for (const state of honest) sum += state[i] as number;
        const mean = sum / honest.length;
        let squares = 0;
        for (const state of honest) squares += ((state[i] as number) - mean) ** 2;
        return mean - z * Math.sqrt(squares / honest.length);
      });
    },
  };
}

/**
 * The z for n participants with f attackers. The attackers have a majority if s = ⌊n/2⌋ + 1 − f
 * honest updates lie further out than theirs, so z is where Φ(z) = (n − f − s)/(n − f). It is 0 for
 * n = 10 and f = 2, and below 0 for fewer.
 * @throws AttackError when the attackers are the majority themselves: then no z is the largest.
 */
export function alieZ(participants: number, attackers: number): number {
  const majority = Math.floor(participants / 2) + 1;
  const supporters = majority - attackers;
  if (supporters < 1) {
    throw new AttackError(
      `attack: alie has no z of its own with ${attackers} attackers of ${participants} participants, expected fewer than ${majority}`,
      { hint: 'set "attack.z"' },
    );
  }
  const honest = participants - attackers;
  return normalQuantile((honest - supporters) / honest);
}
