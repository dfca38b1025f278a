/** How each operation becomes ONNX nodes. */

import { sizeOf } from '../../../tensor/shape.js';
import { add, mul, reshape, sub } from '../../graph/build.js';
import type { OpName } from '../../graph/ops.js';
import { operand, type Value, type ValueOf } from '../../graph/value.js';
import { ONNX_TYPES } from '../model-builder.js';
import { swapLastTwo } from '../swap-last-two.js';
import {
  type ConvolutionAlgorithm,
  convolutionAlgorithm,
  inputGradientAlgorithm,
} from './convolution-algorithm.js';
import { choice, comparison, elementwise, elementwiseNode } from './elementwise.js';
import {
  lowerGatherConvolution,
  lowerGatherInputGradient,
  lowerGatherWeightGradient,
} from './gather-convolution.js';
import { lowerGroupNorm, lowerGroupNormInputGradient, lowerGroupNormScaleGradient } from './group-norm.js';
import type { Lowered, Lowering } from './lowering.js';
import { lowerGatherGradient, lowerOneHot } from './one-hot.js';
import {
  lowerGroupedWeightGradient,
  lowerPlainConvolution,
  lowerPlainInputGradient,
} from './plain-convolution.js';
import { lowerAveragePoolGradient, lowerMaxPoolGradient, lowerPooling } from './pooling.js';
import { lowerRandomUniform } from './random.js';
import { lowerExpand, lowerReduceMax, lowerReduceSum } from './reductions.js';
import { lowerSumOverParts } from './sum-over-parts.js';
import {
  lowerWinogradConvolution,
  lowerWinogradInputGradient,
  lowerWinogradWeightGradient,
  type TileSize,
} from './winograd.js';

type Rule<Op extends OpName> = (lowering: Lowering, value: ValueOf<Op>) => Lowered;

interface ConvolutionRules {
  readonly value: Rule<'conv2d'>;
  readonly inputGradient: Rule<'conv2dInputGradient'>;
  readonly weightGradient: Rule<'conv2dWeightGradient'>;
}

const winogradRules = (m: TileSize): ConvolutionRules => ({
  value: (lowering, y) => lowerWinogradConvolution(lowering, y, m),
  inputGradient: (lowering, dx) => lowerWinogradInputGradient(lowering, dx, m),
  weightGradient: (lowering, dw) => lowerWinogradWeightGradient(lowering, dw, m),
});

const CONVOLUTIONS: Readonly<Record<ConvolutionAlgorithm, ConvolutionRules>> = {
  plain: {
    value: lowerPlainConvolution,
    inputGradient: lowerPlainInputGradient,
    weightGradient: lowerGroupedWeightGradient,
  },
  gather: {
    value: lowerGatherConvolution,
    inputGradient: lowerGatherInputGradient,
    weightGradient: lowerGatherWeightGradient,
  },
  winograd2: winogradRules(2),
  winograd4: winogradRules(4),
};

/** A rule that ignores the attributes of its operation. */
const onValue =
  (rule: (lowering: Lowering, value: Value) => Lowered) =>
  (lowering: Lowering, value: ValueOf<OpName>): Lowered =>
    rule(lowering, value as Value);

/** The one operand, plain. */
const plainOperand = (lowering: Lowering, value: ValueOf<OpName>) =>
  lowering.plain(operand(value as Value, 0));

export const loweringRules: { readonly [Op in OpName]: Rule<Op> } = {
  input: ({ model }, { attributes: { name, dtype, shape } }) => model.input(name, dtype, shape),
  constant: ({ model }, { attributes: { values, shape } }) => model.floats(values, shape),

  neg: onValue(elementwiseNode('Neg')),
  exp: onValue(elementwiseNode('Exp')),
  log: onValue(elementwiseNode('Log')),
  sqrt: onValue(elementwiseNode('Sqrt')),
  erf: onValue(elementwiseNode('Erf')),
  tanh: onValue(elementwiseNode('Tanh')),
  sigmoid: onValue(elementwiseNode('Sigmoid')),
  relu: onValue(elementwiseNode('Relu')),
  leakyRelu: (lowering, y) =>
    elementwiseNode('LeakyRelu', { alpha: { float: y.attributes.alpha } })(lowering, y as Value),
  pow: (lowering, y) =>
    elementwise(lowering, y as Value, ([x]) =>
      lowering.model.node('Pow', [x as string, lowering.model.float(y.attributes.exponent)]),
    ),
  cast: (lowering, y) =>
    elementwiseNode('Cast', { to: ONNX_TYPES[y.attributes.dtype] })(lowering, y as Value),

  add: onValue(elementwiseNode('Add')),
  sub: onValue(elementwiseNode('Sub')),
  mul: onValue(elementwiseNode('Mul')),
  div: onValue(elementwiseNode('Div')),
  greater: onValue(comparison('greater')),
  equal: onValue(comparison('equal')),
  where: onValue(choice),

  matmul: (lowering, y) => {
    const { transposeA, transposeB } = y.attributes;
    const [a, b] = lowering.plainOperands(y as Value) as [string, string];
    const [rankA, rankB] = [operand(y as Value, 0).shape.length, operand(y as Value, 1).shape.length];
    if (rankA === 2 && rankB === 2 && (transposeA || transposeB)) {
      return lowering.model.node('Gemm', [a, b], { transA: Number(transposeA), transB: Number(transposeB) });
    }
    if (rankB === 2 && transposeB && !transposeA) {
      // As one matrix with the rows of all, which is read transposed where it lies.
      const [columns, inner] = operand(y as Value, 1).shape as [number, number];
      const rows = sizeOf(y.shape) / columns;
      const product = lowering.model.node('Gemm', [lowering.reshape(a, [rows, inner]), b], {
        transA: 0,
        transB: 1,
      });
      return lowering.reshape(product, y.shape);
    }
    return lowering.model.node('MatMul', [
      transposeA ? lowering.transpose(a, swapLastTwo(rankA)) : a,
      transposeB ? lowering.transpose(b, swapLastTwo(rankB)) : b,
    ]);
  },
  conv2d: (lowering, y) => {
    const [image, weight] = [operand(y as Value, 0).shape, operand(y as Value, 1).shape];
    return CONVOLUTIONS[convolutionAlgorithm(y.attributes, image, weight)].value(lowering, y);
  },
  conv2dInputGradient: (lowering, dx) => {
    const { attributes } = dx;
    const [w, dy] = [operand(dx as Value, 0).shape, operand(dx as Value, 1).shape];
    return CONVOLUTIONS[inputGradientAlgorithm(attributes, attributes.inputShape, w, dy)].inputGradient(
      lowering,
      dx,
    );
  },
  conv2dWeightGradient: (lowering, dw) => {
    const { attributes } = dw;
    const algorithm = convolutionAlgorithm(attributes, operand(dw as Value, 0).shape, attributes.weightShape);
    return CONVOLUTIONS[algorithm].weightGradient(lowering, dw);
  },

  maxPool2d: lowerPooling,
  maxPool2dGradient: lowerMaxPoolGradient,
  averagePool2d: lowerPooling,
  averagePool2dGradient: lowerAveragePoolGradient,

  groupNorm: lowerGroupNorm,
  groupNormInputGradient: lowerGroupNormInputGradient,
  groupNormScaleGradient: lowerGroupNormScaleGradient,

  batchNorm: (lowering, y) => {
    const [x, mean, inverse, scale, shift] = y.inputs as [Value, Value, Value, Value, Value];
    const along = (vector: Value) => reshape(vector, [1, vector.shape[0] as number, 1, 1]);
    const scaled = mul(sub(x, along(mean)), along(mul(inverse, scale)));
    return lowering.composed(add(scaled, along(shift)));
  },

  reduceSum: lowerReduceSum,
  reduceMax: lowerReduceMax,
  argMax: (lowering, y) => {
    const position = lowering.model.node('ArgMax', [plainOperand(lowering, y)], {
      axis: y.attributes.axis,
      keepdims: 0,
    });
    return lowering.model.node('Cast', [position], { to: ONNX_TYPES.i32 });
  },
  softmax: (lowering, y) =>
    lowering.model.node('Softmax', [plainOperand(lowering, y)], { axis: y.attributes.axis }),
  logSoftmax: (lowering, y) =>
    lowering.model.node('LogSoftmax', [plainOperand(lowering, y)], { axis: y.attributes.axis }),

  reshape: (lowering, y) => lowering.reshape(plainOperand(lowering, y), y.shape),
  expand: lowerExpand,
  transpose: (lowering, y) => lowering.transpose(plainOperand(lowering, y), y.attributes.permutation),
  concat: (lowering, y) =>
    lowering.model.node('Concat', lowering.plainOperands(y as Value), { axis: y.attributes.axis }),
  slice: (lowering, y) => {
    const { starts, ends } = y.attributes;
    const { model } = lowering;
    return model.node('Slice', [plainOperand(lowering, y), model.int64s(starts), model.int64s(ends)]);
  },
  pad: (lowering, y) => {
    const { before, after } = y.attributes;
    return lowering.model.node('Pad', [
      plainOperand(lowering, y),
      lowering.model.int64s([...before, ...after]),
    ]);
  },
  gather: (lowering, y) =>
    lowering.model.node('Gather', lowering.plainOperands(y as Value), { axis: y.attributes.axis }),
  gatherGradient: lowerGatherGradient,
  oneHot: lowerOneHot,

  randomUniform: lowerRandomUniform,
  sumOverParts: lowerSumOverParts,
};
