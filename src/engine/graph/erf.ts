/** The error function to double precision: a Taylor series near 0, a continued fraction beyond. */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (size < 2.5) {
    // erf x = 2/√π Σ (−1)ⁿ x²ⁿ⁺¹ / (n! (2n+1))
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum) && n < 100; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  // erfc x = exp(−x²)/√π · 1/(x + ½/(x + 1/(x + 3⁄2/(x + …))))
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (size + fraction);
  const tail = Math.exp(-size * size) / Math.sqrt(Math.PI) / (size + fraction);
  return Math.sign(x) * (1 - tail);
}
