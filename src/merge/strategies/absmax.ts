import { extremeBySimd } from '../kernels/simd.js';
import type { PlacewiseStrategy, ValueColumn } from '../strategy.js';

/**
 * The value with the largest magnitude in each place: merged[k] = wⱼ[k] with j = argmaxᵢ
 * wᵢ[k]
 * . If values of opposite sign tie, including +0 and −0, the positive one is taken, so the order
 * does not matter.
 */
export function absmax() {
  return {
    name: 'absmax',
    needs: 'columns',
    propagatesNonFinite: true,
    combine(out: ValueColumn, columns: readonly ValueColumn[]) {
      const done = extremeBySimd('absmax', out, columns);
      columns.forEach((column, k) => {
        if (k === 0) out.set(column.subarray(done), done);
        else outweigh(out, column, done);
      });
    },
  } satisfies PlacewiseStrategy;
}

/** Without a branch on which is larger, as in `max`. */
function outweigh(out: ValueColumn, column: ValueColumn, from: number): void {
  for (let i = from; i < out.length; i++) {
    const kept = out[i] as number;
    const value = column[i] as number;
    const larger = +(Math.abs(value) > Math.abs(kept));
    const tie = Math.abs(value) === Math.abs(kept);
    out[i] = tie ? Math.max(kept, value) : (1 - larger) * kept + larger * value;
  }
}
