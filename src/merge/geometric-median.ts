import type { Gram, GramStrategy } from './strategy.js';
import { weightedSum } from './weighted-sum.js';

/**
 * RFA: the point z with the least sum of distances to the updates, Σ αₖ‖wₖ − z‖ with αₖ = nₖ/Σn, by Weiszfeld's iteration
 * with smoothing ν. From z = Σ αₖ wₖ on,
 *     βₖ = αₖ / max(ν, ‖wₖ − z‖),   z = Σ βₖ wₖ / Σ βₖ.
 * Since z always is such a sum, the distances follow from the inner products G and the normalised β alone:
 *     ‖wₖ − z‖² = Gₖₖ − 2(Gβ)ₖ + βᵀGβ.
 * It withstands updates that hold less than half of the examples.
 * @param nu ν, > 0: distances below it count as it
 * @see Pillutla et al. 2019, https://arxiv.org/abs/1912.13445, algorithm 2
 */
export function geometricMedian({ nu }: { nu: number }): GramStrategy {
  return {
    name: 'geometric-median',
    needs: 'gram',
    prepare({ all }, examples) {
      const weights = weiszfeld(all, examples, nu);
      return {
        propagatesNonFinite: true,
        combine: (out, columns) => weightedSum(out, columns, weights),
      };
    },
  };
}

/** An iteration takes n² steps, next to nothing beside a pass over the weights: it goes on until nothing changes. */
const ITERATIONS = 1000;
const CHANGE = 1e-12;

function weiszfeld(gram: Gram, examples: readonly number[], nu: number): number[] {
  const alpha = normalised(examples);
  let beta = alpha;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const products = gram.map((row) => sum(row.map((value, k) => value * (beta[k] as number))));
    const square = sum(products.map((value, k) => value * (beta[k] as number)));
    const next = normalised(
      alpha.map((share, k) => {
        const squared = (gram[k]?.[k] as number) - 2 * (products[k] as number) + square;
        return share / Math.max(nu, Math.sqrt(Math.max(0, squared)));
      }),
    );
    const change = Math.max(...next.map((value, k) => Math.abs(value - (beta[k] as number))));
    beta = next;
    if (change <= CHANGE) break;
  }
  return beta;
}

function normalised(values: readonly number[]): number[] {
  const total = sum(values);
  return values.map((value) => value / total);
}

const sum = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((total, value) => total + value, 0);
