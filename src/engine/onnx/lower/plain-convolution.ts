/**
 * Convolution by the plain operators: Conv for convolutions in groups and dilated ones, and
 * ConvTranspose for their input gradients and for those of large kernels over few channels. The
 * weight gradient is a batch of matrix products over gathered columns, one for each group; of
 * depthwise convolutions it is a sum of products.
 */

import { operand, type Value, type ValueOf } from '../../graph/value.js';
import { afterLastWindow, type ImageShape } from '../../graph/window-shapes.js';
import { columns } from './columns.js';
import { imageSize, type Lowering, rowCount } from './lowering.js';

type Attributes = ValueOf<'conv2d'>['attributes'];

const operatorAttributes = ({ strides, padding, dilations, groups }: Attributes) => ({
  strides: [...strides],
  pads: [padding.top, padding.left, padding.bottom, padding.right],
  ...(dilations.some((dilation) => dilation > 1) && { dilations: [...dilations] }),
  group: groups,
});

export function lowerPlainConvolution(lowering: Lowering, y: ValueOf<'conv2d'>): string {
  return lowering.model.node('Conv', lowering.plainOperands(y as Value), operatorAttributes(y.attributes));
}

export function lowerPlainInputGradient(lowering: Lowering, dx: ValueOf<'conv2dInputGradient'>): string {
  const [w, dy] = [operand(dx as Value, 0), operand(dx as Value, 1)];
  // Pixels after the last window have no gradient; the operator must be told how many there are.
  const rest = afterLastWindow(imageSize(dx as Value), imageSize(dy), imageSize(w), dx.attributes);
  return lowering.model.node('ConvTranspose', [lowering.plain(dy), lowering.plain(w)], {
    ...operatorAttributes(dx.attributes),
    output_padding: [...rest],
  });
}

export function lowerGroupedWeightGradient(lowering: Lowering, dw: ValueOf<'conv2dWeightGradient'>): string {
  const [x, dy] = [operand(dw as Value, 0), operand(dw as Value, 1)];
  const { groups } = dw.attributes;
  const [o, perGroup, kh, kw] = dw.shape as ImageShape;
  const k = kh * kw;
  const { name, order } = lowering.anyRows(dy);
  const rows = rowCount(dy);
  const gathered = columns(lowering, x, order, [kh, kw], dw.attributes);
  if (perGroup === 1 && o === groups) return depthwiseWeightGradient(lowering, dw, gathered, name);
  const cols = lowering.reshape(gathered, [rows, k, groups, perGroup]);
  const left = lowering.reshape(lowering.transpose(cols, [2, 1, 3, 0]), [groups, k * perGroup, rows]);
  const right = lowering.transpose(lowering.reshape(name, [rows, groups, o / groups]), [1, 0, 2]);
  const product = lowering.reshape(lowering.model.node('MatMul', [left, right]), [
    groups,
    kh,
    kw,
    perGroup,
    o / groups,
  ]);
  return lowering.reshape(lowering.transpose(product, [0, 4, 3, 1, 2]), dw.shape);
}

/**
 * Of one channel for each group: each column times dY, number by number, and the sum over all rows,
 * which is fastest as a product with a row of ones.
 */
function depthwiseWeightGradient(
  lowering: Lowering,
  dw: ValueOf<'conv2dWeightGradient'>,
  gathered: string,
  dy: string,
): string {
  const [c, , kh, kw] = dw.shape as ImageShape;
  const rows = rowCount(operand(dw as Value, 1));
  const { model } = lowering;
  const taps = lowering.reshape(gathered, [rows, kh * kw, c]);
  const products = model.node('Mul', [taps, lowering.reshape(dy, [rows, 1, c])]);
  const flat = lowering.reshape(products, [rows, kh * kw * c]);
  const sums = model.node('MatMul', [model.filled(1, [1, rows]), flat]);
  return lowering.reshape(lowering.transpose(lowering.reshape(sums, [kh * kw, c]), [1, 0]), dw.shape);
}
