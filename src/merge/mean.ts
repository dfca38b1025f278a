import { weightedSumBySimd } from './simd.js';
import type { Column, Strategy } from './strategy.js';

/**
 * FedAvg: the mean of the updates, weighted by their numbers of examples, or equally.
 * merged[k] = Σ nᵢ·wᵢ[k] / Σ nᵢ, accumulated in float64; every tensor keeps its shape. The division comes last: the sum of
 * float32 values is mostly exact, so that even ties are rounded as they should be, which rounded shares would spoil.
 * @see McMahan et al. 2017, https://arxiv.org/abs/1602.05629
 */
export function mean({ by = 'examples' }: { by?: 'examples' | 'equal' } = {}): Strategy {
  return {
    name: by === 'equal' ? 'mean-equal' : 'mean',
    needs: 'sum',
    propagatesNonFinite: true,
    combine(out, columns, examples) {
      const counts = by === 'equal' ? columns.map(() => 1) : examples;
      const total = counts.reduce((sum, count) => sum + count, 0);
      if (columns.length === 1) {
        out.set(columns[0] as Column);
        return;
      }
      // A power of two divides the weights without rounding, which saves a pass over the values.
      const exact = Number.isInteger(Math.log2(total));
      const weights = exact ? counts.map((count) => count / total) : counts;
      const divisor = exact ? 1 : total;
      const done = weightedSumBySimd(out, columns, weights, divisor);
      if (done === out.length) return;
      const rest = columns.map((column) => column.subarray(done));
      weightedSum(out.subarray(done), rest, weights, divisor);
    },
  };
}

/** out = (Σ wₖ·xₖ)/divisor, of two columns at least. */
function weightedSum(
  out: Column,
  columns: readonly Column[],
  weights: readonly number[],
  divisor: number,
): void {
  const scratch = divisor === 1 && columns.length === 2 ? out : new Float64Array(out.length);
  // The first column starts the sum, not 0: the mean of −0 and −0 is −0.
  let sum = columns[0] as Column;
  let weight = weights[0] as number;
  for (let k = 1; k < columns.length; k++) {
    const target = divisor === 1 && k === columns.length - 1 ? out : scratch;
    addWeighted(target, sum, weight, columns[k] as Column, weights[k] as number);
    sum = target;
    weight = 1;
  }
  if (divisor !== 1) divide(out, sum, divisor);
}

function addWeighted(out: Column, a: Column, aWeight: number, b: Column, bWeight: number): void {
  for (let i = 0; i < out.length; i++) out[i] = aWeight * (a[i] as number) + bWeight * (b[i] as number);
}

function divide(out: Column, sum: Column, total: number): void {
  for (let i = 0; i < out.length; i++) out[i] = (sum[i] as number) / total;
}
