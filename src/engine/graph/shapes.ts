/**
 * Shape rules: the type of each operation's result from the types of its operands. Operands that do
 * not fit are refused here.
 */
import { formatShape, type Shape, sameShape, sizeOf } from '../../tensor/shape.js';
import type { OpAttributes, OpName, PoolingAttributes, ValueType } from './ops.js';
import { GraphError } from './value.js';
import { convolvedShape, rank4, windowCounts } from './window-shapes.js';

export interface TypeOf {
  readonly dtype: ValueType;
  readonly shape: Shape;
}

type ShapeRule<Op extends OpName> = (operands: readonly TypeOf[], attributes: OpAttributes[Op]) => TypeOf;

const f32 = (shape: Shape): TypeOf => ({ dtype: 'f32', shape });

/** Checks that there are as many operands as `dtypes`, with these types. */
function expectOperands(op: OpName, operands: readonly TypeOf[], dtypes: readonly ValueType[]): Shape[] {
  if (operands.length !== dtypes.length) {
    throw new GraphError(`${op}: expected ${dtypes.length} operands, got ${operands.length}`);
  }
  return operands.map((type, index) => {
    if (type.dtype !== dtypes[index]) {
      throw new GraphError(
        `${op}: operand ${index} is ${type.dtype}${formatShape(type.shape)}, expected ${dtypes[index]}`,
      );
    }
    return type.shape;
  });
}

/** The shape to which both operands broadcast, as in NumPy. */
export function broadcastShapes(op: OpName, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new GraphError(
        `${op}: ${formatShape(a)} and ${formatShape(b)} do not broadcast: ${x} and ${y} differ`,
      );
    }
    return x === 1 ? y : x;
  });
}

function axisOf(op: OpName, shape: Shape, axis: number): number {
  if (!Number.isInteger(axis) || axis < 0 || axis >= shape.length) {
    throw new GraphError(`${op}: there is no axis ${axis} in ${formatShape(shape)}`);
  }
  return axis;
}

const sameAsOperand = (op: OpName) => (operands: readonly TypeOf[]) => {
  const [shape] = expectOperands(op, operands, ['f32']);
  return f32(shape as Shape);
};

const broadcast = (op: OpName) => (operands: readonly TypeOf[]) => {
  // `equal` compares labels with predictions as integers; arithmetic is f32.
  const dtype = op === 'equal' ? (operands[0]?.dtype ?? 'f32') : 'f32';
  const [a, b] = expectOperands(op, operands, [dtype, dtype]);
  return f32(broadcastShapes(op, a as Shape, b as Shape));
};

const pool = (op: OpName) => (operands: readonly TypeOf[], attributes: PoolingAttributes) => {
  const [x] = expectOperands(op, operands, ['f32']);
  const [n, c, h, w] = rank4(op, x as Shape, 'x');
  const { kernel, padding } = attributes;
  // A window that is all padding has neither a maximum nor an average.
  if (
    Math.max(padding.top, padding.bottom) >= kernel[0] ||
    Math.max(padding.left, padding.right) >= kernel[1]
  ) {
    throw new GraphError(`${op}: the padding must be less than the ${kernel.join('×')} window`);
  }
  return f32([n, c, ...windowCounts(op, [h, w], kernel, attributes)]);
};

const reduction =
  (op: OpName) =>
  (operands: readonly TypeOf[], { axes, keepDims }: OpAttributes['reduceSum']) => {
    const [shape] = expectOperands(op, operands, ['f32']) as [Shape];
    for (const axis of axes) axisOf(op, shape, axis);
    return f32(
      keepDims
        ? shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent))
        : shape.filter((_, axis) => !axes.includes(axis)),
    );
  };

const alongAxis =
  (op: OpName) =>
  (operands: readonly TypeOf[], { axis }: { readonly axis: number }) => {
    const [shape] = expectOperands(op, operands, ['f32']) as [Shape];
    axisOf(op, shape, axis);
    return f32(shape);
  };

export const shapeRules: { readonly [Op in OpName]: ShapeRule<Op> } = {
  input: (_, { dtype, shape }) => ({ dtype, shape }),
  constant: (_, { shape, values }) => {
    if (values.length !== sizeOf(shape)) {
      throw new GraphError(`constant: ${values.length} values do not fill ${formatShape(shape)}`);
    }
    return f32(shape);
  },

  neg: sameAsOperand('neg'),
  exp: sameAsOperand('exp'),
  log: sameAsOperand('log'),
  sqrt: sameAsOperand('sqrt'),
  erf: sameAsOperand('erf'),
  tanh: sameAsOperand('tanh'),
  sigmoid: sameAsOperand('sigmoid'),
  relu: sameAsOperand('relu'),
  leakyRelu: sameAsOperand('leakyRelu'),
  pow: sameAsOperand('pow'),
  cast: (operands, { dtype }) => ({ dtype, shape: operands[0]?.shape ?? [] }),

  add: broadcast('add'),
  sub: broadcast('sub'),
  mul: broadcast('mul'),
  div: broadcast('div'),
  greater: broadcast('greater'),
  equal: broadcast('equal'),
  where: (operands) => {
    const [mask, a, b] = expectOperands('where', operands, ['f32', 'f32', 'f32']) as [Shape, Shape, Shape];
    return f32(broadcastShapes('where', broadcastShapes('where', mask, a), b));
  },

  matmul: (operands, { transposeA, transposeB }) => {
    const [a, b] = expectOperands('matmul', operands, ['f32', 'f32']) as [Shape, Shape];
    if (a.length < 2 || b.length < 2) {
      throw new GraphError(
        `matmul: operands need two axes or more, got ${formatShape(a)} and ${formatShape(b)}`,
      );
    }
    const [m, k] = lastTwo(a, transposeA);
    const [k2, n] = lastTwo(b, transposeB);
    if (k !== k2) {
      throw new GraphError(
        `matmul: ${m}×${k} times ${k2}×${n} (from ${formatShape(a)} and ${formatShape(b)})`,
      );
    }
    return f32([...broadcastShapes('matmul', a.slice(0, -2), b.slice(0, -2)), m, n]);
  },
  conv2d: (operands, attributes) => {
    const bias = operands[2];
    const [x, w] = expectOperands(
      'conv2d',
      operands,
      bias === undefined ? ['f32', 'f32'] : ['f32', 'f32', 'f32'],
    ) as [Shape, Shape];
    const shape = convolvedShape('conv2d', x, w, attributes);
    const [, o] = shape;
    if (bias !== undefined && !sameShape(bias.shape, [o])) {
      throw new GraphError(`conv2d: the bias is ${formatShape(bias.shape)}, expected [${o}]`);
    }
    return f32(shape);
  },
  conv2dInputGradient: (operands, attributes) => {
    const [w, dy] = expectOperands('conv2dInputGradient', operands, ['f32', 'f32']) as [Shape, Shape];
    const { inputShape } = attributes;
    const shape = convolvedShape('conv2dInputGradient', inputShape, w, attributes);
    if (!sameShape(shape, dy)) {
      throw new GraphError(
        `conv2dInputGradient: an image ${formatShape(inputShape)} has windows ${formatShape(shape)}, got ${formatShape(dy)}`,
      );
    }
    return f32(inputShape);
  },
  conv2dWeightGradient: (operands, { weightShape }) => {
    expectOperands('conv2dWeightGradient', operands, ['f32', 'f32']);
    return f32(weightShape);
  },

  maxPool2d: pool('maxPool2d'),
  maxPool2dGradient: (operands) => {
    const [x] = expectOperands('maxPool2dGradient', operands, ['f32', 'f32', 'f32']);
    return f32(x as Shape);
  },
  averagePool2d: pool('averagePool2d'),
  averagePool2dGradient: (operands, { inputShape }) => {
    expectOperands('averagePool2dGradient', operands, ['f32']);
    return f32(inputShape);
  },

  groupNorm: (operands, { groups }) => {
    const [x, ...perChannel] = expectOperands('groupNorm', operands, ['f32', 'f32', 'f32']) as [
      Shape,
      Shape,
      Shape,
    ];
    const [, c] = rank4('groupNorm', x, 'x');
    if (c % groups !== 0) {
      throw new GraphError(`groupNorm: ${formatShape(x)} has no ${groups} groups of channels of equal size`);
    }
    for (const shape of perChannel) {
      if (!sameShape(shape, [c])) {
        throw new GraphError(`groupNorm: scale and shift must be [${c}], got ${formatShape(shape)}`);
      }
    }
    return f32(x);
  },
  groupNormInputGradient: (operands) => {
    const [x] = expectOperands('groupNormInputGradient', operands, ['f32', 'f32', 'f32']);
    return f32(x as Shape);
  },
  groupNormScaleGradient: (operands) => {
    const [x] = expectOperands('groupNormScaleGradient', operands, ['f32', 'f32']) as [Shape, Shape];
    return f32([x[1] as number]);
  },

  batchNorm: (operands) => {
    const [x, ...vectors] = expectOperands('batchNorm', operands, new Array(6).fill('f32')) as [Shape];
    const [n, c] = rank4('batchNorm', x, 'x');
    for (const [at, shape] of (vectors as Shape[]).entries()) {
      const extent = at === 4 ? n : c;
      if (!sameShape(shape, [extent])) {
        throw new GraphError(`batchNorm: operand ${at + 1} must be [${extent}], got ${formatShape(shape)}`);
      }
    }
    return f32(x);
  },

  reduceSum: reduction('reduceSum'),
  reduceMax: reduction('reduceMax'),
  argMax: (operands, { axis }) => {
    const [shape] = expectOperands('argMax', operands, ['f32']) as [Shape];
    axisOf('argMax', shape, axis);
    return { dtype: 'i32', shape: shape.filter((_, index) => index !== axis) };
  },
  softmax: alongAxis('softmax'),
  logSoftmax: alongAxis('logSoftmax'),

  reshape: (operands, { shape }) => {
    const operand = operands[0] as TypeOf;
    if (sizeOf(operand.shape) !== sizeOf(shape)) {
      throw new GraphError(
        `reshape: ${formatShape(operand.shape)} has not as many elements as ${formatShape(shape)}`,
      );
    }
    return { dtype: operand.dtype, shape };
  },
  expand: (operands, { shape }) => {
    const [from] = expectOperands('expand', operands, ['f32']) as [Shape];
    if (!sameShape(broadcastShapes('expand', from, shape), shape)) {
      throw new GraphError(`expand: ${formatShape(from)} does not broadcast to ${formatShape(shape)}`);
    }
    return f32(shape);
  },
  transpose: (operands, { permutation }) => {
    const operand = operands[0] as TypeOf;
    const sorted = [...permutation].sort((a, b) => a - b);
    if (sorted.length !== operand.shape.length || sorted.some((axis, index) => axis !== index)) {
      throw new GraphError(
        `transpose: ${formatShape(permutation)} does not permute ${formatShape(operand.shape)}`,
      );
    }
    return { dtype: operand.dtype, shape: permutation.map((axis) => operand.shape[axis] as number) };
  },
  concat: (operands, { axis }) => {
    const shapes = expectOperands(
      'concat',
      operands,
      operands.map(() => 'f32'),
    );
    const first = shapes[0];
    if (first === undefined) throw new GraphError('concat: there is nothing to concatenate');
    axisOf('concat', first, axis);
    for (const shape of shapes) {
      if (
        shape.length !== first.length ||
        shape.some((extent, index) => index !== axis && extent !== first[index])
      ) {
        throw new GraphError(`concat: ${formatShape(shape)} beside ${formatShape(first)} along axis ${axis}`);
      }
    }
    const extent = shapes.reduce((sum, shape) => sum + (shape[axis] as number), 0);
    return f32(first.map((old, index) => (index === axis ? extent : old)));
  },
  slice: (operands, { starts, ends }) => {
    const operand = operands[0] as TypeOf;
    const rank = operand.shape.length;
    if (starts.length !== rank || ends.length !== rank) {
      throw new GraphError(`slice: ${formatShape(operand.shape)} needs ${rank} starts and ends`);
    }
    const shape = operand.shape.map((extent, axis) => {
      const [start, end] = [starts[axis] as number, ends[axis] as number];
      if (start < 0 || end > extent || start > end) {
        throw new GraphError(
          `slice: [${start}, ${end}) of axis ${axis} is outside ${formatShape(operand.shape)}`,
        );
      }
      return end - start;
    });
    return { dtype: operand.dtype, shape };
  },
  pad: (operands, { before, after }) => {
    const [shape] = expectOperands('pad', operands, ['f32']) as [Shape];
    if (before.length !== shape.length || after.length !== shape.length) {
      throw new GraphError(`pad: ${formatShape(shape)} needs ${shape.length} numbers before and after`);
    }
    return f32(shape.map((extent, axis) => extent + (before[axis] as number) + (after[axis] as number)));
  },
  gather: (operands, { axis }) => {
    const [shape, indices] = expectOperands('gather', operands, ['f32', 'i32']) as [Shape, Shape];
    axisOf('gather', shape, axis);
    return f32([...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)]);
  },
  gatherGradient: (operands, { axis, size }) => {
    const [indices, dy] = expectOperands('gatherGradient', operands, ['i32', 'f32']) as [Shape, Shape];
    return f32([...dy.slice(0, axis), size, ...dy.slice(axis + indices.length)]);
  },
  oneHot: (operands, { depth }) => {
    const [labels] = expectOperands('oneHot', operands, ['i32']) as [Shape];
    return f32([...labels, depth]);
  },

  randomUniform: (operands, { shape }) => {
    expectOperands(
      'randomUniform',
      operands,
      operands.map(() => 'i32'),
    );
    return f32(shape);
  },

  sumOverParts: (operands, { body, parts, sliced }) => {
    for (const { shape } of operands.slice(0, sliced)) {
      if ((shape[0] ?? 1) % parts !== 0) {
        throw new GraphError(`sumOverParts: ${formatShape(shape)} does not fall into ${parts} equal parts`);
      }
    }
    const { shape } = body.result as TypeOf;
    if (shape.length !== 1) {
      throw new GraphError(`sumOverParts: the body gives ${formatShape(shape)}, expected a vector`);
    }
    return f32(shape);
  },
};

function lastTwo(shape: Shape, transposed: boolean): [number, number] {
  const rows = shape.at(-2) as number;
  const columns = shape.at(-1) as number;
  return transposed ? [columns, rows] : [rows, columns];
}
