/** What is there in padded sequences. */
import * as g from '../../graph/build.js';
import type { Value } from '../../graph/value.js';

/** tokens i32 [N,L] → [N,L]: 1 for a token, 0 for padding. */
export const paddingMask = (tokens: Value, padding: number): Value =>
  g.sub(1, g.equal(g.cast(tokens, 'f32'), padding));

/** x [N,L,F] → [N,F]: the mean over the places of the mask [N,L]; zeros where there is none. */
export function maskedMean(x: Value, mask: Value): Value {
  const [n = 1, length = 1] = mask.shape;
  const count = g.reduceSum(mask, [1], true);
  const sum = g.matmul(g.reshape(mask, [n, 1, length]), x);
  return g.div(g.reshape(sum, [n, x.shape[2] ?? 1]), g.atLeast(count, 1));
}
