import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { factorize, rowStart, solveFactorized } from './cholesky.js';

/** The lower triangle of M·Mᵀ + I, where M has normal numbers. */
function positiveDefinite(n: number): Float64Array {
  const random = randomStream(1, 'matrix', n);
  const m = Float64Array.from({ length: n * n }, () => random.normal());
  const a = new Float64Array(rowStart(n));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? 1 : 0;
      for (let k = 0; k < n; k++) sum += m[i * n + k]! * m[j * n + k]!;
      a[rowStart(i) + j] = sum;
    }
  }
  return a;
}

describe('Cholesky’s factorization', () => {
  it.each([1, 2, 7, 32, 33, 70])('solves a system of %d equations, across its blocks', (n) => {
    const a = positiveDefinite(n);
    const x = Float64Array.from({ length: n }, (_, i) => Math.sin(i + 1));
    const element = (i: number, j: number) => a[rowStart(Math.max(i, j)) + Math.min(i, j)]!;
    const b = x.map((_, i) => x.reduce((sum, value, j) => sum + element(i, j) * value, 0));
    const l = a.slice();
    expect(factorize(l, n)).toBe(true);
    solveFactorized(l, b);
    b.forEach((value, i) => {
      expect(value).toBeCloseTo(x[i]!, 8);
    });
  });

  it.each([
    ['has a negative eigenvalue', [1, 2, 1]],
    ['is singular', [1, 1, 1]],
    ['holds no numbers', [1, Number.NaN, 1]],
  ])('says so where the matrix %s', (_, triangle) => {
    expect(factorize(Float64Array.from(triangle), 2)).toBe(false);
  });
});
