/** The standard ONNX operator of each operation. */
import type {
  ConvolutionAttributes,
  OpName,
  Pair,
  PoolingAttributes,
  WindowAttributes,
} from '../../graph/ops.js';
import { operand, type Value, type ValueOf } from '../../graph/value.js';
import { afterLastWindow, type ImageShape } from '../../graph/window-shapes.js';
import { ONNX_TYPES, type OnnxAttributes } from '../model-builder.js';
import type { Operator } from '../operators.js';
import { swapLastTwo } from '../swap-last-two.js';
import { dependsOnBatch, type Exporting, extentsOf } from './exporting.js';

type Rule<Op extends OpName> = (exporting: Exporting, value: ValueOf<Op>) => string;

const self = (y: ValueOf<OpName>) => y as Value;

const operandNames = (exporting: Exporting, y: ValueOf<OpName>) =>
  y.inputs.map((input) => exporting.name(input));

/** One operator, applied to the operands unchanged. */
const operator =
  <Op extends OpName, Type extends Operator>(
    type: Type,
    attributes: (value: ValueOf<Op>) => OnnxAttributes<Type> = () => ({}),
  ) =>
  (exporting: Exporting, y: ValueOf<Op>) =>
    exporting.model.node(type, operandNames(exporting, y), attributes(y));

/** A comparison, which gives a mask of floats. */
const comparison = (type: 'Greater' | 'Equal') => (exporting: Exporting, y: ValueOf<OpName>) =>
  exporting.model.node('Cast', [exporting.model.node(type, operandNames(exporting, y))], {
    to: ONNX_TYPES.f32,
  });

const absent = (op: OpName) => (): string => {
  throw new Error(`internal: ${op} has no place in an inference model`);
};

const windowAttributes = ({ strides, padding }: WindowAttributes) => ({
  strides,
  pads: [padding.top, padding.left, padding.bottom, padding.right],
});
const convolution = (weight: Value, attributes: ConvolutionAttributes) => ({
  kernel_shape: weight.shape.slice(2),
  ...windowAttributes(attributes),
  ...(attributes.dilations.some((dilation) => dilation > 1) && { dilations: attributes.dilations }),
  group: attributes.groups,
});
const pooling = ({ attributes }: { readonly attributes: PoolingAttributes }) => ({
  kernel_shape: attributes.kernel,
  ...windowAttributes(attributes),
});
const alongAxis = ({ attributes: { axis } }: { readonly attributes: { readonly axis: number } }) => ({
  axis,
});

const reduction =
  (type: 'ReduceSum' | 'ReduceMax') =>
  ({ model, name }: Exporting, y: ValueOf<'reduceSum'> | ValueOf<'reduceMax'>) => {
    const { axes, keepDims } = y.attributes;
    const x = name(operand(self(y), 0));
    // ONNX reads an empty list of axes as all axes.
    return axes.length === 0 ? x : model.node(type, [x, model.int64s(axes)], { keepdims: Number(keepDims) });
  };

export const exportRules: { readonly [Op in OpName]: Rule<Op> } = {
  input: (exporting, y) => exporting.input(y.attributes.name, self(y)),
  constant: ({ model, twin }, y) => {
    const { values, shape } = y.attributes;
    const others = twin(y).attributes.values;
    if (values.length !== others.length || values.some((value, i) => value !== others[i])) {
      throw dependsOnBatch(self(y));
    }
    return model.floats(values, shape);
  },

  neg: operator('Neg'),
  exp: operator('Exp'),
  log: operator('Log'),
  sqrt: operator('Sqrt'),
  erf: operator('Erf'),
  tanh: operator('Tanh'),
  sigmoid: operator('Sigmoid'),
  relu: operator('Relu'),
  leakyRelu: operator('LeakyRelu', ({ attributes }) => ({ alpha: { float: attributes.alpha } })),
  pow: ({ model, name }, y) =>
    model.node('Pow', [name(operand(self(y), 0)), model.float(y.attributes.exponent)]),
  cast: operator('Cast', ({ attributes }) => ({ to: ONNX_TYPES[attributes.dtype] })),

  add: (exporting, y) =>
    denseLayer(exporting, self(y)) ?? exporting.model.node('Add', operandNames(exporting, y)),
  sub: operator('Sub'),
  mul: operator('Mul'),
  div: operator('Div'),
  greater: comparison('Greater'),
  equal: comparison('Equal'),
  where: (exporting, y) => {
    const [mask, ...operands] = operandNames(exporting, y) as [string, string, string];
    const truth = exporting.model.node('Cast', [mask], { to: ONNX_TYPES.bool });
    return exporting.model.node('Where', [truth, ...operands]);
  },

  matmul: ({ model, name }, y) => {
    const { transposeA, transposeB } = y.attributes;
    const [a, b] = [operand(self(y), 0), operand(self(y), 1)];
    if (a.shape.length === 2 && b.shape.length === 2) {
      return model.node('Gemm', [name(a), name(b)], {
        transA: Number(transposeA),
        transB: Number(transposeB),
      });
    }
    const read = (x: Value, transposed: boolean) =>
      transposed ? model.node('Transpose', [name(x)], { perm: swapLastTwo(x.shape.length) }) : name(x);
    return model.node('MatMul', [read(a, transposeA), read(b, transposeB)]);
  },
  conv2d: operator('Conv', (y) => convolution(operand(self(y), 1), y.attributes)),
  // A transposed convolution.
  conv2dInputGradient: ({ model, name }, y) => {
    const [w, x] = [operand(self(y), 0), operand(self(y), 1)];
    const sizeOfImage = ({ shape }: Value): Pair => [shape[2] as number, shape[3] as number];
    const rest = afterLastWindow(sizeOfImage(self(y)), sizeOfImage(x), sizeOfImage(w), y.attributes);
    return model.node('ConvTranspose', [name(x), name(w)], {
      ...convolution(w, y.attributes),
      output_padding: rest,
    });
  },
  conv2dWeightGradient: absent('conv2dWeightGradient'),

  maxPool2d: operator('MaxPool', pooling),
  maxPool2dGradient: absent('maxPool2dGradient'),
  averagePool2d: operator('AveragePool', pooling),
  averagePool2dGradient: absent('averagePool2dGradient'),

  groupNorm: ({ model, name }, y) => {
    const { groups, epsilon } = y.attributes;
    const [, c, h, w] = y.shape as ImageShape;
    const [x, scale, shift] = y.inputs.map((input) => name(input)) as [string, string, string];
    const flat = model.node('Reshape', [x, model.int64s([0, groups, -1])]);
    const ones = new Array<number>(groups).fill(1);
    const standardized = model.node(
      'InstanceNormalization',
      [flat, model.floats(ones), model.floats(ones.map(() => 0))],
      { epsilon: { float: epsilon } },
    );
    const perChannel = (vector: string) => model.node('Reshape', [vector, model.int64s([1, c, 1, 1])]);
    const image = model.node('Reshape', [standardized, model.int64s([0, c, h, w])]);
    return model.node('Add', [model.node('Mul', [image, perChannel(scale)]), perChannel(shift)]);
  },
  groupNormInputGradient: absent('groupNormInputGradient'),
  groupNormScaleGradient: absent('groupNormScaleGradient'),

  batchNorm: absent('batchNorm'),

  reduceSum: reduction('ReduceSum'),
  reduceMax: reduction('ReduceMax'),
  argMax: ({ model, name }, y) => {
    const position = model.node('ArgMax', [name(operand(self(y), 0))], {
      axis: y.attributes.axis,
      keepdims: 0,
    });
    return model.node('Cast', [position], { to: ONNX_TYPES.i32 });
  },
  softmax: operator('Softmax', alongAxis),
  logSoftmax: operator('LogSoftmax', alongAxis),

  reshape: ({ model, name, twin }, y) => {
    const extents = extentsOf(y.shape, twin(y).shape).map((extent) =>
      typeof extent === 'number' ? extent : -1,
    );
    if (extents.filter((extent) => extent === -1).length > 1) throw dependsOnBatch(self(y));
    return model.node('Reshape', [name(operand(self(y), 0)), model.int64s(extents)]);
  },
  expand: ({ model, name, twin, batchSize }, y) => {
    const x = operand(self(y), 0);
    const from = extentsOf(x.shape, twin(x).shape);
    const added = y.shape.length - from.length;
    const to = extentsOf(y.shape, twin(y).shape).map((extent, axis) => {
      if (typeof extent === 'number') return extent;
      // Expand keeps the extent of an axis for which it is given 1.
      if (from[axis - added] === extent) return 1;
      if (extent === 'batch') return 'batch';
      throw dependsOnBatch(self(y));
    });
    const shape = to.includes('batch')
      ? model.node(
          'Concat',
          to.map((extent) => (extent === 'batch' ? batchSize() : model.int64s([extent]))),
          { axis: 0 },
        )
      : model.int64s(to as number[]);
    return model.node('Expand', [name(x), shape]);
  },
  transpose: operator('Transpose', ({ attributes }) => ({ perm: attributes.permutation })),
  concat: operator('Concat', alongAxis),
  slice: ({ model, name, twin }, y) => {
    const x = operand(self(y), 0);
    const [all, others] = [x.shape, twin(x).shape];
    const { starts, ends } = y.attributes;
    const other = twin(y).attributes;
    const cut = all.flatMap((extent, axis) => {
      const whole = starts[axis] === 0 && ends[axis] === extent;
      if (whole && other.starts[axis] === 0 && other.ends[axis] === others[axis]) return [];
      if (starts[axis] !== other.starts[axis] || ends[axis] !== other.ends[axis])
        throw dependsOnBatch(self(y));
      return [{ axis, start: starts[axis] as number, end: ends[axis] as number }];
    });
    if (cut.length === 0) return name(x);
    return model.node('Slice', [
      name(x),
      model.int64s(cut.map(({ start }) => start)),
      model.int64s(cut.map(({ end }) => end)),
      model.int64s(cut.map(({ axis }) => axis)),
    ]);
  },
  pad: ({ model, name }, y) => {
    const { before, after } = y.attributes;
    return model.node('Pad', [name(operand(self(y), 0)), model.int64s([...before, ...after])]);
  },
  gather: operator('Gather', alongAxis),
  gatherGradient: absent('gatherGradient'),
  oneHot: ({ model, name }, y) => {
    // The operator OneHot is not used: it reads a label of −1 as the last one.
    const labels = model.node('Unsqueeze', [name(operand(self(y), 0)), model.int64s([-1])]);
    const indices = model.int32s(Array.from({ length: y.attributes.depth }, (_, index) => index));
    return model.node('Cast', [model.node('Equal', [labels, indices])], { to: ONNX_TYPES.f32 });
  },

  randomUniform: absent('randomUniform'),
  sumOverParts: absent('sumOverParts'),
};

/** x·W + b of a matrix is one operator, Gemm; undefined if the sum is something else. */
function denseLayer({ model, name }: Exporting, sum: Value): string | undefined {
  const [product, bias] = [operand(sum, 0), operand(sum, 1)];
  if (product.op !== 'matmul' || product.inputs.some((x) => x.shape.length !== 2)) return undefined;
  if (bias.shape.length !== 1 || bias.shape[0] !== sum.shape[1]) return undefined;
  const { transposeA, transposeB } = product.attributes;
  const [a, b] = [operand(product, 0), operand(product, 1)];
  return model.node('Gemm', [name(a), name(b), name(bias)], {
    transA: Number(transposeA),
    transB: Number(transposeB),
  });
}
