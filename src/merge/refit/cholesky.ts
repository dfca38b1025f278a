/**
 * Solves positive definite systems in float64, by Cholesky's factorization A = L·Lᵀ. Only the lower
 * triangle of a symmetric matrix is kept, row by row: element (i, j ≤ i) lies at i(i+1)/2 + j, so
 * that each inner loop runs along rows.
 */

const BLOCK = 32;

/** Where row i of a lower triangle begins; for n rows, the number of its elements. */
export const rowStart = (i: number) => (i * (i + 1)) / 2;

/**
 * Replaces A by L.
 * @returns whether A is positive definite; if it is not, the content is of no use
 */
export function factorize(a: Float64Array, n: number): boolean {
  const rows = Array.from({ length: n }, (_, i) => a.subarray(rowStart(i), rowStart(i + 1)));
  // The rows of a block stay in the cache while the rows above are read.
  for (let start = 0; start < n; start += BLOCK) {
    const end = Math.min(start + BLOCK, n);
    for (let j = 0; j < end; j++) {
      const above = rows[j] as Float64Array;
      for (let i = Math.max(start, j); i < end; i++) {
        const row = rows[i] as Float64Array;
        const rest = (row[j] as number) - dot(row, above, j);
        if (i > j) row[j] = rest / (above[j] as number);
        else if (rest > 0) row[j] = Math.sqrt(rest);
        else return false;
      }
    }
  }
  return true;
}

/**
 * The product over the first `length` elements. Four sums, so that no addition waits for the one
 * before it.
 */
function dot(x: Float64Array, y: Float64Array, length: number): number {
  let s = 0;
  let t = 0;
  let u = 0;
  let v = 0;
  let k = 0;
  for (; k + 3 < length; k += 4) {
    s += (x[k] as number) * (y[k] as number);
    t += (x[k + 1] as number) * (y[k + 1] as number);
    u += (x[k + 2] as number) * (y[k + 2] as number);
    v += (x[k + 3] as number) * (y[k + 3] as number);
  }
  for (; k < length; k++) s += (x[k] as number) * (y[k] as number);
  return s + t + u + v;
}

/** Replaces b by the solution x of L·Lᵀ·x = b. */
export function solveFactorized(l: Float64Array, b: Float64Array): void {
  for (let i = 0; i < b.length; i++) {
    const row = rowStart(i);
    let sum = b[i] as number;
    for (let k = 0; k < i; k++) sum -= (l[row + k] as number) * (b[k] as number);
    b[i] = sum / (l[row + i] as number);
  }
  for (let i = b.length - 1; i >= 0; i--) {
    const row = rowStart(i);
    const x = (b[i] as number) / (l[row + i] as number);
    b[i] = x;
    for (let k = 0; k < i; k++) b[k] = (b[k] as number) - (l[row + k] as number) * x;
  }
}
