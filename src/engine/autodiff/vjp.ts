/**
 * Vector-Jacobian products: for each operation, the gradients of its operands, given the gradient
 * dy of its result. A rule may return a gradient in the shape of the result even if the operand was
 * broadcast; the walk in `gradients.ts` sums it back. `undefined` means that the operand gets no
 * gradient.
 */

import { type Shape, sizeOf } from '../../tensor/shape.js';
import {
  add,
  apply,
  div,
  equal,
  exp,
  expand,
  gather,
  greater,
  matmul,
  mul,
  neg,
  pad,
  reduceSum,
  reshape,
  slice,
  softmax,
  sub,
  transpose,
} from '../graph/build.js';
import { pow } from '../graph/compose.js';
import type { OpName } from '../graph/ops.js';
import { operand, type Value, type ValueOf } from '../graph/value.js';

export type Vjp<Op extends OpName> = (y: ValueOf<Op>, dy: Value) => readonly (Value | undefined)[];

/** Comparisons, integers and random numbers pass no gradient on. */
const constantAlmostEverywhere = () => [];

/** For operations that are gradients themselves: second derivatives are not provided. */
const notDifferentiated = (op: OpName) => () => {
  throw new Error(`internal: ${op} is a gradient already`);
};

const x0 = (y: { readonly inputs: readonly Value[] }) => operand(y as Value, 0);
const x1 = (y: { readonly inputs: readonly Value[] }) => operand(y as Value, 1);

/** The result as a plain value; rules receive it typed by its operation. */
const self = (y: ValueOf<OpName>) => y as Value;

/** The rows of all matrices in the last two axes, as one matrix. */
const rowsOf = (x: Value) => {
  const width = x.shape.at(-1) as number;
  return reshape(x, [sizeOf(x.shape) / width, width]);
};

/** dy with the reduced axes put back as 1. */
function withReducedAxes(dy: Value, shape: Shape, axes: readonly number[]): Value {
  return reshape(
    dy,
    shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent)),
  );
}

/**
 * With c = x − mean, s the inverse deviation, g = s·scale and w the shares:
 *
 *     dx = g·dy − w·g·(Σ dy + c·s²·Σ dy·c),   dscale = s·Σ dy·c,   dshift = Σ dy
 *
 * Four passes over the image for dx, and one for each sum. Small factors are put together first.
 */
function batchNormGradient(y: ValueOf<'batchNorm'>, dy: Value): readonly (Value | undefined)[] {
  const [x, mean, inverse, scale, , shares] = y.inputs as [Value, Value, Value, Value, Value, Value];
  const [n, c] = x.shape as [number, number];
  const along = (vector: Value) => reshape(vector, [1, c, 1, 1]);
  const each = (vector: Value) => mul(reshape(shares, [n, 1, 1, 1]), along(vector));
  const centred = sub(x, along(mean));
  const sum = reduceSum(dy, [0, 2, 3]);
  const product = reduceSum(mul(dy, centred), [0, 2, 3]);
  const slope = mul(inverse, scale);
  const back = mul(mul(slope, mul(inverse, inverse)), product);
  const projected = add(mul(centred, each(back)), each(mul(slope, sum)));
  const dx = sub(mul(dy, along(slope)), projected);
  return [dx, undefined, undefined, mul(inverse, product), sum];
}

export const vjps: { readonly [Op in OpName]: Vjp<Op> } = {
  input: constantAlmostEverywhere,
  constant: constantAlmostEverywhere,

  neg: (_, dy) => [neg(dy)],
  exp: (y, dy) => [mul(dy, self(y))],
  log: (y, dy) => [div(dy, x0(y))],
  sqrt: (y, dy) => [div(mul(dy, 0.5), self(y))],
  erf: (y, dy) => [mul(dy, mul(exp(neg(mul(x0(y), x0(y)))), 2 / Math.sqrt(Math.PI)))],
  tanh: (y, dy) => [mul(dy, sub(1, mul(self(y), self(y))))],
  sigmoid: (y, dy) => [mul(dy, mul(self(y), sub(1, self(y))))],
  relu: (y, dy) => [mul(dy, greater(self(y), 0))],
  leakyRelu: (y, dy) => {
    const { alpha } = y.attributes;
    return [mul(dy, add(mul(greater(x0(y), 0), 1 - alpha), alpha))];
  },
  pow: (y, dy) => {
    const { exponent } = y.attributes;
    return [mul(dy, mul(pow(x0(y), exponent - 1), exponent))];
  },
  cast: constantAlmostEverywhere,

  add: (_, dy) => [dy, dy],
  sub: (_, dy) => [dy, neg(dy)],
  mul: (y, dy) => [mul(dy, x1(y)), mul(dy, x0(y))],
  div: (y, dy) => {
    const da = div(dy, x1(y));
    return [da, neg(mul(da, self(y)))];
  },
  greater: constantAlmostEverywhere,
  equal: constantAlmostEverywhere,
  where: (y, dy) => {
    const mask = x0(y);
    return [undefined, mul(dy, mask), mul(dy, sub(1, mask))];
  },

  matmul: (y, dy) => {
    const [a, b] = [x0(y), x1(y)];
    const { transposeA, transposeB } = y.attributes;
    // Y = A·B: dA = dY·Bᵀ, dB = Aᵀ·dY. The gradient of an operand that is read transposed is the
    // transpose of that. One matrix B for many of A gets one product over the rows of all.
    const isShared = b.shape.length === 2 && !transposeA;
    const [left, right] = isShared ? [rowsOf(a), rowsOf(dy)] : [a, dy];
    return [
      transposeA
        ? matmul(b, dy, { transposeA: transposeB, transposeB: true })
        : matmul(dy, b, { transposeB: !transposeB }),
      transposeB
        ? matmul(right, left, { transposeA: true, transposeB: transposeA })
        : matmul(left, right, { transposeA: !transposeA }),
    ];
  },
  conv2d: (y, dy) => {
    const [x, w] = [x0(y), x1(y)];
    const dx = apply('conv2dInputGradient', [w, dy], { ...y.attributes, inputShape: x.shape });
    const dw = apply('conv2dWeightGradient', [x, dy], { ...y.attributes, weightShape: w.shape });
    return y.inputs.length === 2 ? [dx, dw] : [dx, dw, reduceSum(dy, [0, 2, 3])];
  },
  conv2dInputGradient: (y, dy) => {
    // ⟨d, A(w)ᵀ·x⟩ = ⟨A(w)·d, x⟩: what is the result of a convolution's gradient is its input here.
    const [w, x] = [x0(y), x1(y)];
    const { inputShape, ...attributes } = y.attributes;
    return [
      apply('conv2dWeightGradient', [dy, x], { ...attributes, weightShape: w.shape }),
      apply('conv2d', [dy, w], attributes),
    ];
  },
  conv2dWeightGradient: notDifferentiated('conv2dWeightGradient'),

  maxPool2d: (y, dy) => [apply('maxPool2dGradient', [x0(y), self(y), dy], y.attributes)],
  maxPool2dGradient: notDifferentiated('maxPool2dGradient'),
  averagePool2d: (y, dy) => [
    apply('averagePool2dGradient', [dy], { ...y.attributes, inputShape: x0(y).shape }),
  ],
  averagePool2dGradient: notDifferentiated('averagePool2dGradient'),

  groupNorm: (y, dy) => [
    apply('groupNormInputGradient', [x0(y), x1(y), dy], y.attributes),
    apply('groupNormScaleGradient', [x0(y), dy], y.attributes),
    reduceSum(dy, [0, 2, 3]),
  ],
  groupNormInputGradient: notDifferentiated('groupNormInputGradient'),
  groupNormScaleGradient: notDifferentiated('groupNormScaleGradient'),

  batchNorm: batchNormGradient,

  reduceSum: (y, dy) => {
    const x = x0(y);
    return [expand(withReducedAxes(dy, x.shape, y.attributes.axes), x.shape)];
  },
  reduceMax: (y, dy) => {
    const x = x0(y);
    const { axes } = y.attributes;
    const isMaximum = equal(x, withReducedAxes(self(y), x.shape, axes));
    const share = div(withReducedAxes(dy, x.shape, axes), reduceSum(isMaximum, axes, true));
    return [mul(isMaximum, share)];
  },
  argMax: constantAlmostEverywhere,
  softmax: (y, dy) => {
    const weighted = mul(dy, self(y));
    return [sub(weighted, mul(self(y), reduceSum(weighted, [y.attributes.axis], true)))];
  },
  logSoftmax: (y, dy) => {
    const { axis } = y.attributes;
    return [sub(dy, mul(softmax(x0(y), axis), reduceSum(dy, [axis], true)))];
  },

  reshape: (y, dy) => [reshape(dy, x0(y).shape)],
  expand: (_, dy) => [dy],
  transpose: (y, dy) => {
    const { permutation } = y.attributes;
    return [
      transpose(
        dy,
        permutation.map((_, axis) => permutation.indexOf(axis)),
      ),
    ];
  },
  concat: (y, dy) => {
    const { axis } = y.attributes;
    let offset = 0;
    return y.inputs.map((part) => {
      const start = offset;
      offset += part.shape[axis] as number;
      return slice(
        dy,
        y.shape.map((_, i) => (i === axis ? start : 0)),
        y.shape.map((extent, i) => (i === axis ? offset : extent)),
      );
    });
  },
  slice: (y, dy) => {
    const { starts, ends } = y.attributes;
    return [
      pad(
        dy,
        starts,
        x0(y).shape.map((extent, axis) => extent - (ends[axis] as number)),
      ),
    ];
  },
  pad: (y, dy) => {
    const { before } = y.attributes;
    return [
      slice(
        dy,
        before,
        x0(y).shape.map((extent, axis) => extent + (before[axis] as number)),
      ),
    ];
  },
  gather: (y, dy) => {
    const { axis } = y.attributes;
    return [apply('gatherGradient', [x1(y), dy], { axis, size: x0(y).shape[axis] as number })];
  },
  gatherGradient: (y, dy) => [undefined, gather(dy, x0(y), y.attributes.axis)],
  oneHot: constantAlmostEverywhere,
  randomUniform: constantAlmostEverywhere,
  sumOverParts: notDifferentiated('sumOverParts'),
};
