import { pairAt } from '../kernels/pair-sums.js';
import type { DistanceStrategy, SquaredDistances, ValueColumn } from '../strategy.js';

/**
 * Krum: the one update that lies closest to its neighbours. The score of an update is the sum of
 * its n − f − 2 smallest squared distances to others. The least score is taken; among equal scores
 * the first.
 * @param f the number of updates that may be arbitrary; n ≥ 2f + 3
 * @see Blanchard et al. 2017, https://arxiv.org/abs/1703.02757, section 4
 */
export function krum({ f }: { f: number }): DistanceStrategy {
  return {
    name: 'krum',
    needs: 'distances',
    takes: { least: 2 * f + 3, rule: 'n ≥ 2f + 3' },
    prepare(squares) {
      const everyone = squares.map((_, k) => k);
      const [chosen = 0] = byKrumScore(squares, everyone, f);
      return { combine: (out, columns) => out.set(columns[chosen] as ValueColumn) };
    },
  };
}

/**
 * These updates, the least score first. If n − f − 2 leaves no neighbour, as in the last choices of
 * Bulyan, the nearest one counts.
 */
export function byKrumScore(squares: SquaredDistances, candidates: readonly number[], f: number): number[] {
  const neighbours = Math.max(1, candidates.length - f - 2);
  const score = (i: number) =>
    candidates
      .filter((j) => j !== i)
      .map((j) => pairAt(squares, i, j))
      .sort((a, b) => a - b)
      .slice(0, neighbours)
      .reduce((sum, distance) => sum + distance, 0);
  const scores = new Map(candidates.map((i) => [i, score(i)]));
  return [...candidates].sort((i, j) => (scores.get(i) as number) - (scores.get(j) as number));
}
