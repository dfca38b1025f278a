/**
 * One function for each operation, and common compositions of them. A function returns a new value
 * and changes nothing, so a network reads like its formula: `relu(conv2d(x, w, b))`.
 */
import { type Shape, sameShape } from '../../tensor/shape.js';
import type { OpAttributes, OpName, Padding, Pair, ValueType } from './ops.js';
import { shapeRules } from './shapes.js';
import type { Value, ValueOf } from './value.js';
import { rank4, reachOf } from './window-shapes.js';

/** Applies an operation. Its shape rule throws if the operands do not fit. */
export function apply<Op extends OpName>(
  op: Op,
  inputs: readonly Value[],
  attributes: OpAttributes[Op],
): Value {
  const value: ValueOf<Op> = { op, attributes, inputs, ...shapeRules[op](inputs, attributes) };
  return value as unknown as Value;
}

/** The same operation on other operands. */
export function withInputs(value: Value, inputs: readonly Value[]): Value {
  if (inputs.every((input, index) => input === value.inputs[index])) return value;
  return apply(value.op, inputs, value.attributes as never);
}

export const input = (name: string, shape: Shape, dtype: ValueType = 'f32') =>
  apply('input', [], { name, shape, dtype });
export const constant = (values: readonly number[], shape: Shape = [values.length]) =>
  apply('constant', [], { values, shape });
export const scalar = (value: number) => constant([value], []);

/** A value, or a number, which becomes a constant. */
export type ValueOrNumber = Value | number;
const toValue = (x: ValueOrNumber) => (typeof x === 'number' ? scalar(x) : x);

export const neg = (x: Value) => apply('neg', [x], {});
export const exp = (x: Value) => apply('exp', [x], {});
export const log = (x: Value) => apply('log', [x], {});
export const sqrt = (x: Value) => apply('sqrt', [x], {});
export const erf = (x: Value) => apply('erf', [x], {});
export const tanh = (x: Value) => apply('tanh', [x], {});
export const sigmoid = (x: Value) => apply('sigmoid', [x], {});
export const relu = (x: Value) => apply('relu', [x], {});
export const leakyRelu = (x: Value, alpha = 0.01) => apply('leakyRelu', [x], { alpha });
export const cast = (x: Value, dtype: ValueType) => (x.dtype === dtype ? x : apply('cast', [x], { dtype }));

export const add = (a: ValueOrNumber, b: ValueOrNumber) => apply('add', [toValue(a), toValue(b)], {});
export const sub = (a: ValueOrNumber, b: ValueOrNumber) => apply('sub', [toValue(a), toValue(b)], {});
export const mul = (a: ValueOrNumber, b: ValueOrNumber) => apply('mul', [toValue(a), toValue(b)], {});
export const div = (a: ValueOrNumber, b: ValueOrNumber) => apply('div', [toValue(a), toValue(b)], {});
export const greater = (a: ValueOrNumber, b: ValueOrNumber) => apply('greater', [toValue(a), toValue(b)], {});
export const equal = (a: ValueOrNumber, b: ValueOrNumber) => apply('equal', [toValue(a), toValue(b)], {});
/** `a` where the mask is 1, `b` where it is 0. */
export const where = (mask: Value, a: ValueOrNumber, b: ValueOrNumber) =>
  apply('where', [mask, toValue(a), toValue(b)], {});
/** max(x, bound), up to the rounding of the bound: a cheap way for bounds of the size of x. */
export const atLeast = (x: Value, bound: number) => add(relu(sub(x, bound)), bound);

/** x·Φ(x), with Φ the normal distribution (Hendrycks and Gimpel 2016, exact form). */
export const gelu = (x: Value) => mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));

export const matmul = (a: Value, b: Value, { transposeA = false, transposeB = false } = {}) =>
  apply('matmul', [a, b], { transposeA, transposeB });

export interface ConvolutionOptions {
  readonly strides?: number | Pair;
  readonly padding?: number | Padding;
  readonly dilations?: number | Pair;
  readonly groups?: number;
}

const pair = (x: number | Pair): Pair => (typeof x === 'number' ? [x, x] : x);
const allSides = (p: number | Padding): Padding =>
  typeof p === 'number' ? { top: p, left: p, bottom: p, right: p } : p;

const convolution = (options: ConvolutionOptions): OpAttributes['conv2d'] => ({
  strides: pair(options.strides ?? 1),
  padding: allSides(options.padding ?? 0),
  dilations: pair(options.dilations ?? 1),
  groups: options.groups ?? 1,
});

/** Cross-correlation of x [N,C,H,W] with w [O,C/groups,kh,kw], plus an optional bias [O]. */
export const conv2d = (x: Value, w: Value, bias?: Value, options: ConvolutionOptions = {}) =>
  apply('conv2d', bias === undefined ? [x, w] : [x, w, bias], convolution(options));

export interface TransposedConvolutionOptions extends ConvolutionOptions {
  /** Rows and columns after the last window; fewer than the stride. */
  readonly outputPadding?: number | Pair;
}

/**
 * Transposed convolution of x [N,C,H,W] with w [C,O/groups,kh,kw], plus an optional bias [O]: each
 * pixel adds its window to a larger image [N,O,H',W']. It is the gradient of a convolution of that
 * image with respect to its input.
 */
export function convTranspose2d(
  x: Value,
  w: Value,
  bias?: Value,
  options: TransposedConvolutionOptions = {},
): Value {
  const attributes = convolution(options);
  const { strides, padding, dilations, groups } = attributes;
  const [n, , height, width] = rank4('convTranspose2d', x.shape, 'x');
  const [, perGroup, kh, kw] = rank4('convTranspose2d', w.shape, 'the weight');
  const rest = pair(options.outputPadding ?? 0);
  const inputShape = [
    n,
    perGroup * groups,
    (height - 1) * strides[0] + reachOf(kh, dilations[0]) + rest[0] - padding.top - padding.bottom,
    (width - 1) * strides[1] + reachOf(kw, dilations[1]) + rest[1] - padding.left - padding.right,
  ];
  const y = apply('conv2dInputGradient', [w, x], { ...attributes, inputShape });
  return bias === undefined ? y : add(y, reshape(bias, [1, perGroup * groups, 1, 1]));
}

export interface PoolingOptions {
  readonly kernel: number | Pair;
  /** The size of the kernel by default. */
  readonly strides?: number | Pair;
  readonly padding?: number | Padding;
}

const pooling = (options: PoolingOptions): OpAttributes['maxPool2d'] => ({
  kernel: pair(options.kernel),
  strides: pair(options.strides ?? options.kernel),
  padding: allSides(options.padding ?? 0),
});
export const maxPool2d = (x: Value, options: PoolingOptions) => apply('maxPool2d', [x], pooling(options));
export const averagePool2d = (x: Value, options: PoolingOptions) =>
  apply('averagePool2d', [x], pooling(options));
/** The mean of each channel over its pixels, [N,C,1,1]. */
export const globalAveragePool = (x: Value) => reduceMean(x, [2, 3], true);
/** The maximum of each channel over its pixels, [N,C,1,1]. */
export const globalMaxPool = (x: Value) => reduceMax(x, [2, 3], true);

const axesOf = (x: Value, axes?: readonly number[]) => axes ?? x.shape.map((_, axis) => axis);
export const reduceSum = (x: Value, axes?: readonly number[], keepDims = false) =>
  apply('reduceSum', [x], { axes: axesOf(x, axes), keepDims });
export const reduceMax = (x: Value, axes?: readonly number[], keepDims = false) =>
  apply('reduceMax', [x], { axes: axesOf(x, axes), keepDims });
export const reduceMean = (x: Value, axes?: readonly number[], keepDims = false) => {
  const count = axesOf(x, axes).reduce((product, axis) => product * (x.shape[axis] ?? 1), 1);
  return mul(reduceSum(x, axes, keepDims), 1 / count);
};
export const argMax = (x: Value, axis: number) => apply('argMax', [x], { axis });
export const softmax = (x: Value, axis = x.shape.length - 1) => apply('softmax', [x], { axis });
export const logSoftmax = (x: Value, axis = x.shape.length - 1) => apply('logSoftmax', [x], { axis });

export const reshape = (x: Value, shape: Shape) =>
  sameShape(x.shape, shape) ? x : apply('reshape', [x], { shape });
/** [N, …] → [N, product of the other extents]. */
export const flatten = (x: Value) =>
  reshape(x, [x.shape[0] ?? 1, x.shape.slice(1).reduce((a, b) => a * b, 1)]);
export const expand = (x: Value, shape: Shape) =>
  sameShape(x.shape, shape) ? x : apply('expand', [x], { shape });
export const transpose = (x: Value, permutation: readonly number[]) =>
  apply('transpose', [x], { permutation });
export const concat = (values: readonly Value[], axis: number) => apply('concat', values, { axis });
export const slice = (x: Value, starts: readonly number[], ends: readonly number[]) =>
  apply('slice', [x], { starts, ends });
export const pad = (x: Value, before: readonly number[], after: readonly number[]) =>
  apply('pad', [x], { before, after });
export const gather = (x: Value, indices: Value, axis = 0) => apply('gather', [x, indices], { axis });
export const oneHot = (labels: Value, depth: number) => apply('oneHot', [labels], { depth });
export const randomUniform = (keys: readonly Value[], shape: Shape, stream: number) =>
  apply('randomUniform', keys, { shape, stream });

/**
 * Inverted dropout (Srivastava et al. 2014): each element is zeroed with probability `rate`, and
 * the others are scaled by 1/(1 − rate). The choice depends only on the keys (seed, step …) and the
 * stream.
 */
export const dropout = (x: Value, rate: number, keys: readonly Value[], stream: number) =>
  // `greater` compares with 1 − u, where u is in [0, 1): a rate of 0 then keeps every element.
  mul(x, mul(greater(sub(1, randomUniform(keys, x.shape, stream)), rate), 1 / (1 - rate)));

/**
 * Layer norm over the last `scale.rank` axes (Ba et al. 2016):
 *     (x − mean)/√(variance + epsilon)·scale + shift
 */
export const layerNorm = (x: Value, scale: Value, shift: Value, epsilon = 1e-5) => {
  const axes = scale.shape.map((_, index) => x.shape.length - scale.shape.length + index);
  const centred = sub(x, reduceMean(x, axes, true));
  const variance = reduceMean(mul(centred, centred), axes, true);
  return add(mul(div(centred, sqrt(add(variance, epsilon))), scale), shift);
};

/**
 * Group norm of x [N,C,H,W] (Wu and He 2018) with C/groups channels in each group; scale and shift
 * are [C].
 */
export const groupNorm = (x: Value, groups: number, scale: Value, shift: Value, epsilon = 1e-5) =>
  apply('groupNorm', [x, scale, shift], { groups, epsilon });

/** The operands of batch norm besides x: vectors of C, and the shares of N examples. */
export type BatchNormOperands = Readonly<Record<'mean' | 'inverse' | 'scale' | 'shift' | 'shares', Value>>;

/** x [N,C,H,W] normalized by the mean and deviation that its examples have by their shares. */
export const normalizedByShares = (x: Value, { mean, inverse, scale, shift, shares }: BatchNormOperands) =>
  apply('batchNorm', [x, mean, inverse, scale, shift, shares], {});

/** The operands of a sum over parts. */
export interface PartsOperands {
  /** These are cut into equal parts along their first axis. */
  readonly sliced: Readonly<Record<string, Value>>;
  readonly whole: Readonly<Record<string, Value>>;
}

/**
 * Σ f(part) over `parts` equal parts of the sliced operands. The parts are computed one after the
 * other, so only one part's values are in memory. `f` receives stand-ins for its operands by name
 * and returns a vector.
 */
export function sumOverParts(
  { sliced, whole }: PartsOperands,
  parts: number,
  f: (operands: Readonly<Record<string, Value>>) => Value,
): Value {
  const standIns = Object.entries({ ...sliced, ...whole }).map(([name, { dtype, shape }]) => {
    const [extent = 1, ...rest] = shape;
    return [name, input(name, name in sliced ? [extent / parts, ...rest] : shape, dtype)] as const;
  });
  return apply('sumOverParts', [...Object.values(sliced), ...Object.values(whole)], {
    body: { result: f(Object.fromEntries(standIns)) },
    inputs: standIns.map(([name]) => name),
    sliced: Object.keys(sliced).length,
    parts,
  });
}
