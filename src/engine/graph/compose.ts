/**
 * Functions of other frameworks that are compositions of operations. Each is written so that
 * gradients are PyTorch's at the kinks too, and so that nothing overflows on the way to a finite
 * result.
 */
import {
  add,
  apply,
  div,
  exp,
  expand,
  greater,
  log,
  mul,
  neg,
  reduceMax,
  relu,
  scalar,
  sqrt,
  sub,
  type ValueOrNumber,
  where,
} from './build.js';
import type { Value } from './value.js';

/** |x|, with derivative 0 at 0. */
export const abs = (x: Value) => add(relu(x), relu(neg(x)));

/** The larger one, elementwise; of two equal ones the first. */
export const maximum = (a: ValueOrNumber, b: ValueOrNumber) => where(greater(b, a), b, a);
/** The smaller one, elementwise; of two equal ones the first. */
export const minimum = (a: ValueOrNumber, b: ValueOrNumber) => where(greater(a, b), b, a);

/** x within the bounds. On a bound the gradient passes, but at 0 it is relu's. */
export function clamp(x: Value, { min, max }: { readonly min?: number; readonly max?: number }): Value {
  const above = min === undefined ? x : min === 0 ? relu(x) : maximum(x, min);
  return max === undefined ? above : minimum(above, max);
}

/** x^exponent; NaN for a negative x unless the exponent is a whole number. */
export function pow(x: Value, exponent: number): Value {
  switch (exponent) {
    case -1:
      return div(1, x);
    case 0:
      return expand(scalar(1), x.shape);
    case 0.5:
      return sqrt(x);
    case 1:
      return x;
    case 2:
      return mul(x, x);
    default:
      return apply('pow', [x], { exponent });
  }
}

/** min(x, 0), with derivative 1 at 0. */
const negativePart = (x: Value) => sub(x, relu(x));

/** x above 0, alpha·(eˣ − 1) below (Clevert et al. 2016, https://arxiv.org/abs/1511.07289). */
export const elu = (x: Value, alpha = 1) => add(relu(x), mul(sub(exp(negativePart(x)), 1), alpha));

/** x above 0, slope·x below; the slope broadcasts (He et al. 2015, arXiv 1502.01852). */
export const prelu = (x: Value, slope: Value) => add(relu(x), mul(negativePart(x), slope));

/** log(1 + eˣ) = m + log(e⁻ᵐ + eˣ⁻ᵐ) with m = max(x, 0). */
export function softplus(x: Value): Value {
  const m = relu(x);
  return add(m, log(add(exp(neg(m)), exp(sub(x, m)))));
}

/** alpha·x + beta within 0 and 1, with derivative 0 at both. PyTorch's alpha is 1/6. */
export const hardSigmoid = (x: Value, { alpha = 1 / 6, beta = 0.5 } = {}) =>
  sub(1, relu(sub(1, relu(add(mul(x, alpha), beta)))));

/** x·hardSigmoid(x) (Howard et al. 2019, https://arxiv.org/abs/1905.02244). */
export const hardSwish = (x: Value) => mul(x, hardSigmoid(x));

/** Tied minima share the gradient equally. */
export const reduceMin = (x: Value, axes?: readonly number[], keepDims = false) =>
  neg(reduceMax(neg(x), axes, keepDims));
