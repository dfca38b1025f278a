/**
 * Reductions and expansion. Reductions of an image in rows over pixels (and over the batch) stay in
 * rows. A sum over all rows, such as each bias gradient, is fastest as a product with a row of
 * ones.
 */

import { sizeOf } from '../../../tensor/shape.js';
import { operand, type Value, type ValueOf } from '../../graph/value.js';
import { batchAndChannels, imageSize, type Lowered, type Lowering, type Rows, rowCount } from './lowering.js';
import { preferredOrder } from './order-preference.js';
import { imageOrder } from './row-order.js';

type Reduction = ValueOf<'reduceSum'> | ValueOf<'reduceMax'>;

export const lowerReduceSum = (lowering: Lowering, y: ValueOf<'reduceSum'>) =>
  reduce(lowering, y, 'ReduceSum');
export const lowerReduceMax = (lowering: Lowering, y: ValueOf<'reduceMax'>) =>
  reduce(lowering, y, 'ReduceMax');

function reduce(lowering: Lowering, y: Reduction, type: 'ReduceSum' | 'ReduceMax'): Lowered {
  const { model } = lowering;
  const x = operand(y as Value, 0);
  const { axes, keepDims } = y.attributes;
  const rows = lowering.existingRows(x);
  if (rows === undefined || !(axes.includes(2) && axes.includes(3))) {
    if (axes.length === 0) return lowering.plain(x);
    return model.node(type, [lowering.plain(x), model.int64s(axes)], { keepdims: Number(keepDims) });
  }
  const [n, c] = batchAndChannels(x);
  if (type === 'ReduceSum' && axes.length === 3 && axes.includes(0)) {
    const ones = model.filled(1, [1, rowCount(x)]);
    return lowering.reshape(
      model.node('MatMul', [ones, lowering.reshape(rows.name, [rowCount(x), c])]),
      y.shape,
    );
  }
  if (type === 'ReduceSum' && axes.length === 2 && rows.order.outer > 1) {
    const lines = lowering.reshape(sumOfLines(lowering, rows, x), [1, n, rows.order.inner, c]);
    const pixels = model.node('ReduceSum', [lines, model.int64s([2])], { keepdims: 1 });
    return keepDims ? { name: pixels, order: imageOrder(1, 1) } : lowering.reshape(pixels, y.shape);
  }
  const rowAxes = [0, 2, ...(axes.includes(0) ? [1] : []), ...(axes.includes(1) ? [3] : [])].sort();
  const reduced = model.node(type, [rows.name, model.int64s(rowAxes)], { keepdims: 1 });
  if (!keepDims) return lowering.reshape(reduced, y.shape);
  const shape = [1, axes.includes(0) ? 1 : n, 1, axes.includes(1) ? 1 : c];
  return { name: lowering.reshape(reduced, shape), order: imageOrder(1, 1) };
}

/**
 * The sum over the outer places of an image in rows, [1, N·inner·C]; this is also fastest as a
 * product with a row of ones.
 */
function sumOfLines(lowering: Lowering, { name, order }: Rows, x: Value): string {
  const [n, c] = batchAndChannels(x);
  const lines = lowering.reshape(name, [order.outer, n * order.inner * c]);
  return lowering.model.node('MatMul', [lowering.model.filled(1, [1, order.outer]), lines]);
}

/**
 * Broadcasts to a shape. From one pixel to an image, it gives rows in the order that the readers
 * prefer.
 */
export function lowerExpand(lowering: Lowering, y: ValueOf<'expand'>): Lowered {
  const { model } = lowering;
  const x = operand(y as Value, 0);
  if (x.shape.length !== 4 || sizeOf(imageSize(x)) !== 1 || lowering.existingRows(x) === undefined) {
    return model.node('Expand', [lowering.plain(x), model.int64s(y.shape)]);
  }
  const order = preferredOrder(lowering, y as Value);
  const [n, c] = batchAndChannels(y as Value);
  const pixel = lowering.rows(x, imageOrder(1, 1)).name;
  return { name: model.node('Expand', [pixel, model.int64s([order.outer, n, order.inner, c])]), order };
}
