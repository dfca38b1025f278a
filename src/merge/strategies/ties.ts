import { magnitudeSurvey } from '../kernels/largest-magnitudes.js';
import type { SurveyStrategy, ValueColumn } from '../strategy.js';

/**
 * TIES: trim, elect sign, merge the values that agree. In each update Δₖ only the `density` part
 * with the largest magnitudes is kept, including ties with the smallest of them. In each place the
 * kept values elect the sign γ = sign Σ Δₖ, and the result is
 *     w + λ · mean of the kept Δₖ with sign Δₖ = γ.
 * If their sum is 0, the place stays as it was. Identical updates keep their value only with
 * density = 1 and λ = 1.
 * @param density in (0, 1]
 * @param lambda λ
 * @see Yadav et al. 2023, https://arxiv.org/abs/2306.01708, algorithm 1
 */
export function ties({ density, lambda }: { density: number; lambda: number }): SurveyStrategy {
  return {
    name: 'ties',
    needs: 'all',
    on: 'updates',
    survey: (updates) =>
      magnitudeSurvey(updates, density, (thresholds) => ({
        combine(out, columns) {
          for (let i = 0; i < out.length; i++) out[i] = lambda * agreedMean(columns, thresholds, i);
        },
      })),
  };
}

function agreedMean(columns: readonly ValueColumn[], thresholds: Float32Array, place: number): number {
  let up = 0;
  let ups = 0;
  let down = 0;
  let downs = 0;
  for (let k = 0; k < columns.length; k++) {
    const value = (columns[k] as ValueColumn)[place] as number;
    if (Math.abs(Math.fround(value)) < (thresholds[k] as number)) continue;
    if (value > 0) {
      up += value;
      ups++;
    } else if (value < 0) {
      down += value;
      downs++;
    }
  }
  // The sign of the sum is that of the larger of the two.
  if (up > -down) return up / ups;
  return up < -down ? down / downs : 0;
}
