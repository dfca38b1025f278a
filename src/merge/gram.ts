/**
 * The inner products of the updates, block by block: of n updates n² numbers, from which all distances, norms and angles
 * follow. Blocks of a tensor are added in their order, tensors in that of their names, all in float64, so that the result
 * depends neither on the size of the chunks nor on the order of the tensors.
 */
import { productSumsBySimd } from './simd.js';
import type { Column, Combination, Gram, Grams, Survey } from './strategy.js';

/** @param then what the columns are combined by, once the inner products are known */
export function gramSurvey(updates: number, then: (grams: Grams) => Combination): Survey {
  const byTensor = new Map<string, Gram>();
  const zeros = () => Array.from({ length: updates }, () => new Float64Array(updates));
  return {
    see(columns, { tensor }) {
      const gram = byTensor.get(tensor) ?? zeros();
      byTensor.set(tensor, gram);
      for (let i = 0; i < updates; i++) {
        for (let j = 0; j <= i; j++) {
          add(gram, i, j, innerProduct(columns[i] as Column, columns[j] as Column));
        }
      }
    },
    finish() {
      const all = zeros();
      for (const tensor of [...byTensor.keys()].sort()) {
        const gram = byTensor.get(tensor) as Gram;
        for (let i = 0; i < updates; i++) {
          for (let j = 0; j <= i; j++) add(all, i, j, at(gram, i, j));
        }
      }
      return then({ all, byTensor });
    },
  };
}

/** ‖xᵢ − xⱼ‖² = Gᵢᵢ − 2Gᵢⱼ + Gⱼⱼ, where rounding might make it negative 0. */
export function squaredDistance(gram: Gram, i: number, j: number): number {
  return Math.max(0, at(gram, i, i) - 2 * at(gram, i, j) + at(gram, j, j));
}

/** cos ∠(xᵢ, xⱼ); 0 where one of them is 0. */
export function cosine(gram: Gram, i: number, j: number): number {
  // One root of the product, not two: of equal vectors it is their square, and the cosine exactly 1.
  const norms = Math.sqrt(at(gram, i, i) * at(gram, j, j));
  return norms === 0 ? 0 : Math.max(-1, Math.min(1, at(gram, i, j) / norms));
}

/** ‖xᵢ‖ */
export const norm = (gram: Gram, i: number): number => Math.sqrt(at(gram, i, i));

const at = (gram: Gram, i: number, j: number): number => (gram[i] as Float64Array)[j] as number;

/** Both of the symmetric places. */
function add(gram: Gram, i: number, j: number, product: number): void {
  const sum = at(gram, i, j) + product;
  (gram[i] as Float64Array)[j] = sum;
  (gram[j] as Float64Array)[i] = sum;
}

/** Four sums, so that no addition waits for the one before it. */
function innerProduct(x: Column, y: Column): number {
  const sums = productSumsBySimd(x, y);
  let [a = 0, b = 0, c = 0, d = 0] = sums ?? [];
  let i = sums === undefined ? 0 : x.length - (x.length % 4);
  for (; i + 3 < x.length; i += 4) {
    a += (x[i] as number) * (y[i] as number);
    b += (x[i + 1] as number) * (y[i + 1] as number);
    c += (x[i + 2] as number) * (y[i + 2] as number);
    d += (x[i + 3] as number) * (y[i + 3] as number);
  }
  for (; i < x.length; i++) a += (x[i] as number) * (y[i] as number);
  return a + b + (c + d);
}
