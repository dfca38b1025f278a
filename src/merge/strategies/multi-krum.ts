import { weightedSum } from '../kernels/weighted-sum.js';
import type { DistanceStrategy, ValueColumn } from '../strategy.js';
import { byKrumScore } from './krum.js';

/**
 * Multi-Krum: the equal mean of the m updates with the least scores of Krum.
 * @param f the number of updates that may be arbitrary; n ≥ 2f + 3
 * @param m how many are averaged, at most n; by default n − f, the number of updates that are
 * surely sound
 * @see Blanchard et al. 2017, https://arxiv.org/abs/1703.02757, section 5
 */
export function multiKrum({ f, m }: { f: number; m?: number | undefined }): DistanceStrategy {
  const least = Math.max(2 * f + 3, m ?? 0);
  return {
    name: 'multi-krum',
    needs: 'distances',
    takes: { least, rule: least === m ? 'n ≥ m' : 'n ≥ 2f + 3' },
    prepare(squares) {
      const everyone = squares.map((_, k) => k);
      const chosen = byKrumScore(squares, everyone, f)
        .slice(0, m ?? squares.length - f)
        .sort((i, j) => i - j);
      const ones = chosen.map(() => 1);
      return {
        combine(out, columns) {
          const kept = chosen.map((k) => columns[k] as ValueColumn);
          weightedSum(out, kept, ones, kept.length);
        },
      };
    },
  };
}
