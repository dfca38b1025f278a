/**
 * Permutation rules: for each operation, how the order of units in its operands determines their
 * order in its result. If the units of the operands are reordered along tied axes, the result has
 * the same values in the tied order. A rule ties and fixes axes of the operands and returns the
 * axes of the result; fixing all axes is always correct. If the outputs of a graph are fixed, its
 * result does not depend on the order of the units of its inputs.
 */
import type { OpName } from './ops.js';
import { type Axis, extentOf, fix, fixedAxis, freeAxis, keepChannelGroups, tie } from './tied-axes.js';
import { topologicalOrder, type Value, type ValueOf } from './value.js';

type Axes = readonly Axis[];
type Rule<Op extends OpName> = (value: ValueOf<Op>, operands: readonly Axes[]) => Axes;

/**
 * The axes of these inputs, tied so that every element of the output stays the same. All other
 * inputs are fixed.
 */
export function permutableAxes(output: Value, inputs: readonly Value[]): ReadonlyMap<Value, Axes> {
  const free = new Set(inputs);
  const axes = new Map<Value, Axes>(inputs.map((input) => [input, input.shape.map(freeAxis)]));
  for (const value of topologicalOrder([output])) {
    if (free.has(value)) continue;
    const rule = permutationRules[value.op] as Rule<OpName>;
    axes.set(
      value,
      rule(
        value as ValueOf<OpName>,
        value.inputs.map((operand) => axes.get(operand) as Axes),
      ),
    );
  }
  axes.get(output)?.forEach(fix);
  return axes;
}

const fixed = ({ shape }: ValueOf<OpName>, operands: readonly Axes[]): Axes => {
  operands.flat().forEach(fix);
  return shape.map(fixedAxis);
};

const axesOf = (operands: readonly Axes[], index: number) => operands[index] as Axes;
const sameAxes = (_: ValueOf<OpName>, operands: readonly Axes[]) => axesOf(operands, 0);

/**
 * Aligns axes from the last, as NumPy does. An axis that all operands repeat may have any order.
 */
function broadcast(shape: readonly number[], operands: readonly Axes[]): Axes {
  return shape.map((extent, index) => {
    const fromEnd = index - shape.length;
    const own = operands
      .flatMap((axes) => axes.at(fromEnd) ?? [])
      .filter((axis) => extentOf(axis) === extent);
    const [first = freeAxis(extent), ...others] = own;
    for (const other of others) tie(first, other);
    return first;
  });
}

const elementwise = ({ shape }: ValueOf<OpName>, operands: readonly Axes[]) => broadcast(shape, operands);

/** For windows: the order of pixels is fixed, the order of images and channels is free. */
const windows = ({ shape }: ValueOf<OpName>, operands: readonly Axes[]): Axes => {
  const [images, channels, ...pixels] = axesOf(operands, 0) as [Axis, Axis, Axis, Axis];
  pixels.forEach(fix);
  return [images, channels, ...shape.slice(2).map(fixedAxis)];
};

/** For sums and maxima: their order does not matter. */
const reduction = (
  { attributes: { axes, keepDims } }: ValueOf<'reduceSum' | 'reduceMax'>,
  operands: readonly Axes[],
): Axes =>
  axesOf(operands, 0).flatMap((axis, index) => {
    if (!axes.includes(index)) return [axis];
    return keepDims ? [fixedAxis(1)] : [];
  });

/** Keeps the axes whose extent does not change, and fixes the others. */
const wholeAxes = ({ shape }: ValueOf<OpName>, operands: readonly Axes[]): Axes =>
  shape.map((extent, index) => {
    const own = operands.map((axes) => axes[index] as Axis);
    const whole = own.every((axis) => extentOf(axis) === extent);
    const [first] = own as [Axis];
    for (const axis of own) {
      if (whole) tie(first, axis);
      else fix(axis);
    }
    return whole ? first : fixedAxis(extent);
  });

const permutationRules: { readonly [Op in OpName]: Rule<Op> } = {
  input: fixed,
  constant: fixed,

  neg: sameAxes,
  exp: sameAxes,
  log: sameAxes,
  sqrt: sameAxes,
  erf: sameAxes,
  tanh: sameAxes,
  sigmoid: sameAxes,
  relu: sameAxes,
  leakyRelu: sameAxes,
  pow: sameAxes,
  cast: sameAxes,

  add: elementwise,
  sub: elementwise,
  mul: elementwise,
  div: elementwise,
  greater: elementwise,
  equal: elementwise,
  where: elementwise,

  matmul: ({ shape, attributes: { transposeA, transposeB } }, operands) => {
    const [a, b] = [axesOf(operands, 0), axesOf(operands, 1)];
    const last = (axes: Axes, place: -1 | -2) => axes.at(place) as Axis;
    tie(last(a, transposeA ? -2 : -1), last(b, transposeB ? -1 : -2));
    const leading = broadcast(shape.slice(0, -2), [a.slice(0, -2), b.slice(0, -2)]);
    return [...leading, last(a, transposeA ? -1 : -2), last(b, transposeB ? -2 : -1)];
  },
  conv2d: (value, operands) => {
    // Only some orders of the channels would keep the groups.
    if (value.attributes.groups > 1) return fixed(value, operands);
    const [[images, channels, ...pixels], [filters, inputs, ...kernel], [bias] = []] = operands as [
      [Axis, Axis, Axis, Axis],
      [Axis, Axis, Axis, Axis],
      [Axis]?,
    ];
    [...pixels, ...kernel].forEach(fix);
    tie(channels, inputs);
    if (bias !== undefined) tie(filters, bias);
    return [images, filters, ...value.shape.slice(2).map(fixedAxis)];
  },
  conv2dInputGradient: (value, operands) => {
    if (value.attributes.groups > 1) return fixed(value, operands);
    const [[filters, inputs, ...kernel], [images, channels, ...pixels]] = operands as [
      [Axis, Axis, Axis, Axis],
      [Axis, Axis, Axis, Axis],
    ];
    [...pixels, ...kernel].forEach(fix);
    tie(channels, filters);
    return [images, inputs, ...value.shape.slice(2).map(fixedAxis)];
  },
  conv2dWeightGradient: fixed,

  maxPool2d: windows,
  maxPool2dGradient: fixed,
  averagePool2d: windows,
  averagePool2dGradient: fixed,

  groupNorm: ({ attributes: { groups } }, operands) => {
    const [x, [scale], [shift]] = operands as [[Axis, Axis, Axis, Axis], [Axis], [Axis]];
    tie(x[1], scale);
    tie(x[1], shift);
    keepChannelGroups(x[1], groups);
    return x;
  },
  groupNormInputGradient: fixed,
  groupNormScaleGradient: fixed,

  batchNorm: (_, operands) => {
    const [x, ...vectors] = operands as [[Axis, Axis, Axis, Axis], ...[Axis][]];
    for (const [at, [axis]] of (vectors as [Axis][]).entries()) tie(x[at === 4 ? 0 : 1], axis);
    return x;
  },

  reduceSum: reduction,
  reduceMax: reduction,
  argMax: ({ attributes: { axis } }, operands) => {
    const axes = axesOf(operands, 0);
    fix(axes[axis] as Axis);
    return axes.toSpliced(axis, 1);
  },
  softmax: sameAxes,
  logSoftmax: sameAxes,

  reshape: ({ shape }, operands) => reshaped(axesOf(operands, 0), shape),
  expand: ({ shape }, operands) => broadcast(shape, operands),
  transpose: ({ attributes: { permutation } }, operands) =>
    permutation.map((axis) => axesOf(operands, 0)[axis] as Axis),
  concat: wholeAxes,
  slice: wholeAxes,
  pad: wholeAxes,
  gather: ({ attributes: { axis } }, operands) => {
    const [axes, indices] = [axesOf(operands, 0), axesOf(operands, 1)];
    [axes[axis] as Axis, ...indices].forEach(fix);
    return axes.toSpliced(axis, 1, ...indices);
  },
  gatherGradient: fixed,
  oneHot: fixed,
  randomUniform: fixed,
  sumOverParts: fixed,
};

/**
 * Reshaping: axes of extent 1 may appear and vanish. [C,H,W] → [C·H·W] makes a block of H·W for
 * each channel, and back.
 */
function reshaped(from: Axes, shape: readonly number[]): Axes {
  const result: Axis[] = [];
  let at = 0;
  while (result.length < shape.length || at < from.length) {
    // Find the shortest runs of axes on both sides that have the same number of elements.
    const [source, target]: [Axis[], number[]] = [[], []];
    let [have, want] = [1, 1];
    do {
      const axis = from[at];
      if (axis !== undefined && (have < want || source.length === 0)) {
        source.push(axis);
        have *= extentOf(axis);
        at++;
      } else {
        const extent = shape[result.length + target.length] ?? 1;
        target.push(extent);
        want *= extent;
      }
    } while (have !== want);
    result.push(...regrouped(source, target));
  }
  return result;
}

/**
 * The first axis with more than one element holds the units; the other axes lie within their
 * blocks.
 */
function regrouped(source: Axes, target: readonly number[]): Axes {
  const [units, ...inner] = source.filter((axis) => extentOf(axis) > 1);
  inner.forEach(fix);
  if (units === undefined) return target.map(fixedAxis);
  const elements = source.reduce((product, axis) => product * extentOf(axis), 1);
  const first = target.findIndex((extent) => extent > 1);
  const outer = target[first] as number;
  const whole: Axis = { units: units.units, block: (units.block * elements) / extentOf(units) };
  const axis = freeAxis(outer);
  tie({ units: axis.units, block: elements / outer }, whole);
  return target.map((extent, index) => (index === first ? axis : fixedAxis(extent)));
}
