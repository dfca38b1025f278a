/**
 * The matrices of Winograd's minimal filtering F(m, r): m neighbouring results of a filter with r
 * taps, from m + r − 1 multiplications (Winograd 1980; Blahut 2010, chapter 5). As polynomials: the
 * product of a filter g (degree r − 1) and results y (degree m − 1) is determined by its values at
 * m + r − 2 points p and by its leading coefficient, the value "at ∞". Evaluation at the points is
 * one matrix each for y and g; interpolation, by Lagrange, is one for the product. The filter is
 * the transpose of that bilinear map, y = Aᵀ[(G g) ⊙ (Bᵀ d)]:
 *
 *     Aᵀ [m, m+r−1]      powers of the points, pⁱ; the last point gives 1 to the last result alone
 *     G  [m+r−1, r]      powers of the points over Π (p − q) for the other points q
 *     Bᵀ [m+r−1, m+r−1]  the coefficients of Π (x − q) over the other points q; for ∞ over all points
 */
export type Matrix = readonly (readonly number[])[];

export interface MinimalFilter {
  /** m. */
  readonly results: number;
  readonly toPixels: Matrix;
  readonly toTaps: Matrix;
  readonly fromProducts: Matrix;
}

/** @param points m + r − 2 different points; their sizes determine the rounding errors */
export function minimalFilter(points: readonly number[], results: number): MinimalFilter {
  const taps = points.length + 2 - results;
  const others = (point: number) => points.filter((other) => other !== point);
  const powers = (point: number, count: number) => Array.from({ length: count }, (_, i) => point ** i);
  /** A vector of `count` places with 1 in the last. */
  const last = (count: number) => Array.from({ length: count }, (_, i) => Number(i === count - 1));
  return {
    results,
    toPixels: [...points.map((point) => [...coefficientsOf(others(point)), 0]), coefficientsOf(points)],
    toTaps: [
      ...points.map((point) => {
        const scale = others(point).reduce((product, other) => product * (point - other), 1);
        return powers(point, taps).map((power) => power / scale);
      }),
      last(taps),
    ],
    fromProducts: transposed([...points.map((point) => powers(point, results)), last(results)]),
  };
}

/** Π (x − root), from the constant to the leading coefficient. */
function coefficientsOf(roots: readonly number[]): number[] {
  let product = [1];
  for (const root of roots) {
    const shifted = [0, ...product];
    product = shifted.map((higher, i) => higher - root * (product[i] ?? 0));
  }
  return product;
}

/** m⊗m: applies m along both axes of a flattened square. */
export function kroneckerSquare(m: Matrix): Matrix {
  return m.flatMap((rowA) => m.map((rowB) => rowA.flatMap((a) => rowB.map((b) => a * b))));
}

export function transposed(m: Matrix): Matrix {
  return (m[0] ?? []).map((_, column) => m.map((row) => row[column] as number));
}
