/** Products of matrices, reductions, and norms. */
import { formatShape, sizeOf } from '../../../../tensor/shape.js';
import * as g from '../../../graph/build.js';
import * as c from '../../../graph/compose.js';
import { operand, type Value } from '../../../graph/value.js';
import { swapLastTwo } from '../../swap-last-two.js';
import type { Call, ImportRule } from './call.js';
import { isKnown, traced } from './foreign-value.js';

/** A matrix that was transposed for the product is read transposed instead. */
function untransposed(x: Value): { readonly x: Value; readonly isTransposed: boolean } {
  if (x.op !== 'transpose') return { x, isTransposed: false };
  const { permutation } = x.attributes;
  const swapped = swapLastTwo(permutation.length);
  const isSwap = permutation.length >= 2 && permutation.every((axis, index) => axis === swapped[index]);
  return isSwap ? { x: operand(x, 0), isTransposed: true } : { x, isTransposed: false };
}

function product(a: Value, b: Value): Value {
  const [left, right] = [untransposed(a), untransposed(b)];
  const [transposeA, transposeB] = [left.isTransposed, right.isTransposed];
  // Vectors beside matrices of one for all: one product over all rows.
  const { shape } = left.x;
  if (right.x.shape.length === 2 && shape.length > 2 && !transposeA) {
    const width = shape.at(-1) ?? 1;
    const rows = g.reshape(left.x, [sizeOf(shape) / width, width]);
    const all = g.matmul(rows, right.x, { transposeB });
    return g.reshape(all, [...shape.slice(0, -1), all.shape[1] ?? 1]);
  }
  return g.matmul(left.x, right.x, { transposeA, transposeB });
}

const matMul: ImportRule = (call) => {
  const [a, b] = [call.floats(0), call.floats(1)];
  const row = a.shape.length === 1 ? g.reshape(a, [1, ...a.shape]) : a;
  const column = b.shape.length === 1 ? g.reshape(b, [...b.shape, 1]) : b;
  const y = product(row, column);
  const isLeft = (axis: number) =>
    (axis === y.shape.length - 2 && row !== a) || (axis === y.shape.length - 1 && column !== b);
  return traced(
    g.reshape(
      y,
      y.shape.filter((_, axis) => !isLeft(axis)),
    ),
  );
};

const gemm: ImportRule = (call) => {
  const [a, b] = [untransposed(call.floats(0)), untransposed(call.floats(1))];
  const [alpha, beta] = [call.float('alpha') ?? 1, call.float('beta') ?? 1];
  const plain = g.matmul(a.x, b.x, {
    transposeA: (call.int('transA') === 1) !== a.isTransposed,
    transposeB: (call.int('transB') === 1) !== b.isTransposed,
  });
  const y = alpha === 1 ? plain : g.mul(plain, alpha);
  if (!call.has(2) || beta === 0) return traced(y);
  const bias = call.floats(2);
  return traced(g.add(y, beta === 1 ? bias : g.mul(bias, beta)));
};

/** The axes that a reduction takes together; all if none are said. */
function reducedAxes(call: Call, rank: number): readonly number[] {
  const asked = call.numbers(1) ?? call.ints('axes') ?? [];
  if (asked.length > 0) return asked.map((axis) => call.axis(axis, rank));
  return call.int('noop_with_empty_axes') === 1 ? [] : Array.from({ length: rank }, (_, axis) => axis);
}

const reduction =
  (reduce: (x: Value, axes: readonly number[], keepDims: boolean) => Value): ImportRule =>
  (call) => {
    const x = call.floats(0);
    const axes = reducedAxes(call, x.shape.length);
    return traced(reduce(x, axes, (call.int('keepdims') ?? 1) === 1), call.operand(0).kind);
  };

const squares = (x: Value, axes: readonly number[], keepDims: boolean) =>
  g.reduceSum(g.mul(x, x), axes, keepDims);

/** m + log Σ e^(x − m), with m the maximum. */
const logSumExp = (x: Value, axes: readonly number[], keepDims: boolean) => {
  const highest = g.reduceMax(x, axes, true);
  const sum = g.log(g.reduceSum(g.exp(g.sub(x, highest)), axes, true));
  const whole = g.add(highest, sum);
  return keepDims
    ? whole
    : g.reshape(
        whole,
        whole.shape.filter((_, axis) => !axes.includes(axis)),
      );
};

const reduceProduct: ImportRule = (call) => {
  const x = call.operand(0);
  const axes = reducedAxes(call, call.shape(0).length);
  if (!isKnown(x) || axes.length !== x.shape.length) {
    return call.refuse('multiplies numbers that depend on data');
  }
  const keepDims = (call.int('keepdims') ?? 1) === 1;
  const all = x.numbers.reduce((a, b) => a * b, 1);
  return { kind: x.kind, shape: keepDims ? x.shape.map(() => 1) : [], numbers: [all] };
};

/** Before opset 13 the axes from the given one on are one axis. */
const softmaxAlong =
  (apply: (x: Value, axis: number) => Value): ImportRule =>
  (call) => {
    const x = call.floats(0);
    const rank = x.shape.length;
    const axis = call.axis(call.int('axis') ?? (call.opset < 13 ? 1 : -1), rank);
    if (call.opset >= 13 || axis === rank - 1) return traced(apply(x, axis));
    const rows = g.reshape(x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]);
    return traced(g.reshape(apply(rows, 1), x.shape));
  };

const batchNorm: ImportRule = (call) => {
  const name = (index: number) => call.node.inputs[index] ?? '';
  return traced(
    call.surroundings.batchNorm(call.floats(0), {
      scale: call.floats(1),
      shift: call.floats(2),
      mean: name(3),
      variance: name(4),
      epsilon: call.float('epsilon') ?? 1e-5,
      kept: call.float('momentum') ?? 0.9,
    }),
  );
};

const layerNorm: ImportRule = (call) => {
  const x = call.floats(0);
  const axis = call.axis(call.int('axis') ?? -1, x.shape.length);
  const scale = call.floats(1);
  const shift = call.has(2) ? call.floats(2) : g.expand(g.scalar(0), scale.shape);
  if (scale.shape.length !== x.shape.length - axis) {
    return call.refuse(
      `has a scale ${formatShape(scale.shape)} for the axes of ${formatShape(x.shape)} from ${axis} on`,
    );
  }
  return traced(g.layerNorm(x, scale, shift, call.float('epsilon') ?? 1e-5));
};

/** An image of any number of axes after its channels, with the rest as one. */
function normOfGroups(x: Value, groups: number, scale: Value, shift: Value, epsilon: number): Value {
  const [n = 1, channels = 1, ...rest] = x.shape;
  const image = g.reshape(x, [n, channels, 1, sizeOf(rest)]);
  return g.reshape(g.groupNorm(image, groups, scale, shift, epsilon), x.shape);
}

const instanceNorm: ImportRule = (call) => {
  const x = call.floats(0);
  const epsilon = call.float('epsilon') ?? 1e-5;
  const channels = x.shape[1] ?? 1;
  return traced(normOfGroups(x, channels, call.floats(1), call.floats(2), epsilon));
};

const groupNorm: ImportRule = (call) => {
  const x = call.floats(0);
  const channels = x.shape[1] ?? 1;
  const groups = call.int('num_groups') ?? 1;
  // Until opset 20 there is one scale for a group.
  const perChannel = (vector: Value) => {
    const [extent = 1] = vector.shape;
    if (extent === channels) return vector;
    const each = g.expand(g.reshape(vector, [extent, 1]), [extent, channels / extent]);
    return g.reshape(each, [channels]);
  };
  const [scale, shift] = [perChannel(call.floats(1)), perChannel(call.floats(2))];
  return traced(normOfGroups(x, groups, scale, shift, call.float('epsilon') ?? 1e-5));
};

/** x/‖x‖ along one axis. */
const lpNorm: ImportRule = (call) => {
  const x = call.floats(0);
  const axis = call.axis(call.int('axis') ?? -1, x.shape.length);
  const norm = call.int('p') === 1 ? g.reduceSum(c.abs(x), [axis], true) : g.sqrt(squares(x, [axis], true));
  return traced(g.div(x, norm));
};

const argMax: ImportRule = (call) => {
  const x = call.floats(0);
  const axis = call.axis(call.int('axis') ?? 0, x.shape.length);
  const places = g.argMax(x, axis);
  const keepDims = (call.int('keepdims') ?? 1) === 1;
  const shape = x.shape.map((extent, i) => (i === axis ? 1 : extent));
  return traced(keepDims ? g.reshape(places, shape) : places, 'int');
};

export const productRules = {
  ArgMax: argMax,
  BatchNormalization: batchNorm,
  Gemm: gemm,
  GroupNormalization: groupNorm,
  InstanceNormalization: instanceNorm,
  LayerNormalization: layerNorm,
  LogSoftmax: softmaxAlong(g.logSoftmax),
  LpNormalization: lpNorm,
  MatMul: matMul,
  ReduceL1: reduction((x, axes, keepDims) => g.reduceSum(c.abs(x), axes, keepDims)),
  ReduceL2: reduction((x, axes, keepDims) => g.sqrt(squares(x, axes, keepDims))),
  ReduceLogSumExp: reduction(logSumExp),
  ReduceMax: reduction(g.reduceMax),
  ReduceMean: reduction(g.reduceMean),
  ReduceMin: reduction(c.reduceMin),
  ReduceProd: reduceProduct,
  ReduceSum: reduction(g.reduceSum),
  ReduceSumSquare: reduction(squares),
  Softmax: softmaxAlong(g.softmax),
} as const satisfies Readonly<Record<string, ImportRule>>;
