/** base + factor·(trained − base), in float64 and rounded once. */
export function stretched(base: Float32Array, trained: Float32Array, factor: number): Float32Array {
  return base.map((start, i) => start + factor * ((trained[i] as number) - start));
}
