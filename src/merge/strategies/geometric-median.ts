import { pairAt } from '../kernels/pair-sums.js';
import { weightedSum } from '../kernels/weighted-sum.js';
import type { Gram, GramStrategy } from '../strategy.js';

/**
 * RFA: the point z with the least sum of distances to the updates, Σ αₖ‖wₖ − z‖ with αₖ = nₖ/Σn, by
 * Weiszfeld's iteration with smoothing ν. It begins at the median m of each place, weighted by αₖ:
 *     βₖ = αₖ / max(ν, ‖wₖ − z‖),   z = Σ βₖ wₖ / Σ βₖ.
 * Since z is always such a sum, the distances follow from the normalised β and the inner products G
 * of the wₖ − m:
 *     ‖wₖ − z‖² = Gₖₖ − 2(Gβ)ₖ + βᵀGβ.
 * An update at distance D from the others has a β of the order of 1/D from the first step on. Its
 * parts of (Gβ)ₖ and of βᵀGβ are then of the order of the others', and nothing cancels, however
 * large D is. (The paper begins at the mean, where one update of 10³⁸ leaves no digit of the
 * others.) It withstands updates that hold less than half of the examples.
 * @param nu ν, > 0: smaller distances count as ν
 * @see Pillutla et al. 2019, https://arxiv.org/abs/1912.13445, algorithm 2
 */
export function geometricMedian({ nu }: { nu: number }): GramStrategy {
  return {
    name: 'geometric-median',
    needs: 'gram',
    from: 'median',
    prepare({ all }, examples) {
      const weights = weiszfeld(all, examples, nu);
      return {
        propagatesNonFinite: true,
        combine: (out, columns) => weightedSum(out, columns, weights),
      };
    },
  };
}

/**
 * An iteration takes n² steps, little compared with a pass over the weights, so it runs until z
 * stays where it is.
 */
const ITERATIONS = 1000;
/** How far z may still move, relative to its distance from the updates. */
const CHANGE = 1e-13;

function weiszfeld(gram: Gram, examples: readonly number[], nu: number): number[] {
  // An update that is so far off that float64 cannot hold the square has no weight.
  const alpha = normalised(examples.map((count, k) => (Number.isFinite(pairAt(gram, k, k)) ? count : 0)));
  const weigh = (squares: readonly number[]) =>
    normalised(alpha.map((share, k) => (share === 0 ? 0 : share / Math.max(nu, root(squares[k] as number)))));
  let beta = weigh(gram.map((row, k) => row[k] as number));
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const squares = squaredDistances(gram, beta);
    const next = weigh(squares);
    const change = next.map((value, k) => value - (beta[k] as number));
    beta = next;
    const scale = Math.max(nu, root(middleOf(squares, alpha)));
    if (root(dot(change, times(gram, change))) <= CHANGE * scale) break;
  }
  return beta;
}

/** The distances from z, the sum with the weights β, to each update. */
function squaredDistances(gram: Gram, beta: readonly number[]): number[] {
  const products = times(gram, beta);
  const square = dot(products, beta);
  return products.map((product, k) => pairAt(gram, k, k) - 2 * product + square);
}

/** The square up to which half of the weight lies: that of a sound update, or less. */
function middleOf(squares: readonly number[], alpha: readonly number[]): number {
  const order = squares.map((_, k) => k).sort((i, j) => (squares[i] as number) - (squares[j] as number));
  let at = 0;
  let upTo = alpha[order[0] as number] as number;
  while (upTo < 0.5 && at < order.length - 1) upTo += alpha[order[++at] as number] as number;
  return squares[order[at] as number] as number;
}

/** Gβ. An update without weight adds nothing, even if its products are beyond float64. */
const times = (gram: Gram, beta: readonly number[]): number[] => gram.map((row) => dot(row, beta));

function dot(values: ArrayLike<number>, weights: readonly number[]): number {
  return sum(weights.map((weight, k) => (weight === 0 ? 0 : weight * (values[k] as number))));
}

function normalised(values: readonly number[]): number[] {
  const total = sum(values);
  return values.map((value) => value / total);
}

/** Rounding may make a square negative. */
const root = (square: number): number => Math.sqrt(Math.max(0, square));

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
