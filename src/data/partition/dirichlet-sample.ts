/** Draws from the Dirichlet distribution, by gamma variates. */
import type { RandomStream } from '../../base/random.js';

/**
 * Proportions (Σ = 1) from the symmetric Dirichlet distribution: uneven for a small alpha, even for
 * a large one.
 */
export function dirichletSample(length: number, alpha: number, stream: RandomStream): number[] {
  // For a small alpha each variate underflows to 0; its logarithm does not.
  const logs = Array.from({ length }, () => logGammaSample(alpha, stream));
  const largest = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - largest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/**
 * The logarithm of a variate from Gamma(shape, 1).
 * @see Marsaglia and Tsang 2000, "A simple method for generating gamma variables",
 *   https://doi.org/10.1145/358407.358414
 */
export function logGammaSample(shape: number, stream: RandomStream): number {
  // Gamma(a) = Gamma(a + 1) · U^(1/a), their section 6.
  if (shape < 1) return logGammaSample(shape + 1, stream) + Math.log(1 - stream.uniform()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = stream.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - stream.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}

/** Whole numbers that sum to `total`, each within one of its proportion. */
export function apportion(total: number, proportions: readonly number[]): number[] {
  let sum = 0;
  let given = 0;
  return proportions.map((proportion, index) => {
    sum += proportion;
    const upTo = index === proportions.length - 1 ? total : Math.min(total, Math.round(sum * total));
    const count = upTo - given;
    given = upTo;
    return count;
  });
}
