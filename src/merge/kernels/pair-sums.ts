/**
 * Sums over all values of each two updates, such as inner products, block by block. Blocks of a
 * tensor are added in their order, tensors in the order of their names, all in float64. So the
 * result depends neither on the size of the chunks nor on the order of the tensors.
 */
import type { Combination, PairTable, Survey, ValueColumn } from '../strategy.js';

export interface PairSums {
  readonly all: PairTable;
  readonly byTensor: ReadonlyMap<string, PairTable>;
}

/**
 * @param sumOf a symmetric function of two columns
 * @param then receives the sums and returns how the columns are combined
 */
export function pairSurvey(
  updates: number,
  sumOf: (x: ValueColumn, y: ValueColumn) => number,
  then: (sums: PairSums) => Combination,
): Survey {
  const byTensor = new Map<string, PairTable>();
  const zeros = () => Array.from({ length: updates }, () => new Float64Array(updates));
  return {
    see(columns, { tensor }) {
      const table = byTensor.get(tensor) ?? zeros();
      byTensor.set(tensor, table);
      for (let i = 0; i < updates; i++) {
        for (let j = 0; j <= i; j++)
          add(table, i, j, sumOf(columns[i] as ValueColumn, columns[j] as ValueColumn));
      }
    },
    finish() {
      const all = zeros();
      for (const tensor of [...byTensor.keys()].sort()) {
        const table = byTensor.get(tensor) as PairTable;
        for (let i = 0; i < updates; i++) {
          for (let j = 0; j <= i; j++) add(all, i, j, pairAt(table, i, j));
        }
      }
      return then({ all, byTensor });
    },
  };
}

export const pairAt = (table: PairTable, i: number, j: number): number =>
  (table[i] as Float64Array)[j] as number;

/** Adds to both symmetric places. */
function add(table: PairTable, i: number, j: number, value: number): void {
  const sum = pairAt(table, i, j) + value;
  (table[i] as Float64Array)[j] = sum;
  (table[j] as Float64Array)[i] = sum;
}
