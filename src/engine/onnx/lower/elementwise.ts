/**
 * Elementwise operations keep the layout of their operands. If an operand with the result's shape
 * is in rows, so is the result, and the other operands are brought into the same order. Operands
 * that broadcast over pixels ([1,C,1,1], [N,C,1,1]) are rows of one pixel; scalars fit every
 * layout.
 */

import { sameShape, sizeOf } from '../../../tensor/shape.js';
import type { OpName } from '../../graph/ops.js';
import type { Value } from '../../graph/value.js';
import { ONNX_TYPES, type OnnxAttributes } from '../model-builder.js';
import type { Operator } from '../operators.js';
import type { Lowered, Lowering } from './lowering.js';
import type { RowOrder } from './row-order.js';

/** Lowers a value to the node that `emit` makes from the names of its operands. */
export function elementwise(
  lowering: Lowering,
  y: Value,
  emit: (operands: readonly string[]) => string,
): Lowered {
  const order = commonOrder(lowering, y);
  if (order === undefined) return emit(lowering.plainOperands(y));
  const operands = y.inputs.map((input) => {
    if (sizeOf(input.shape) === 1) return lowering.reshape(lowering.plain(input), [1]);
    const fullSize = input.shape[2] === y.shape[2] && input.shape[3] === y.shape[3];
    return fullSize ? lowering.rows(input, order).name : lowering.pixelInRows(input, order);
  });
  return { name: emit(operands), order };
}

export const elementwiseNode =
  <Type extends Operator>(type: Type, attributes: OnnxAttributes<Type> = {}) =>
  (lowering: Lowering, y: Value): Lowered =>
    elementwise(lowering, y, (operands) => lowering.model.node(type, operands, attributes));

/** A comparison, which gives a mask of floats. */
export const comparison =
  (type: Extract<OpName, 'greater' | 'equal'>) =>
  (lowering: Lowering, y: Value): Lowered =>
    elementwise(lowering, y, (operands) => {
      const truth = lowering.model.node(type === 'greater' ? 'Greater' : 'Equal', operands);
      return lowering.model.node('Cast', [truth], { to: 1 });
    });

/** Where: the mask of floats becomes one of truth values. */
export const choice = (lowering: Lowering, y: Value): Lowered =>
  elementwise(lowering, y, ([mask, ...operands]) => {
    const truth = lowering.model.node('Cast', [mask as string], { to: ONNX_TYPES.bool });
    return lowering.model.node('Where', [truth, ...operands]);
  });

/**
 * The order of the first operand in rows that has the shape of the result, if all operands can
 * follow it.
 */
function commonOrder(lowering: Lowering, y: Value): RowOrder | undefined {
  if (y.shape.length !== 4) return undefined;
  const followers = y.inputs.every(({ shape }) => {
    if (sizeOf(shape) === 1) return true;
    if (shape.length !== 4) return false;
    const spread = shape[2] === 1 && shape[3] === 1;
    return spread || (shape[2] === y.shape[2] && shape[3] === y.shape[3]);
  });
  if (!followers) return undefined;
  for (const input of y.inputs) {
    if (!sameShape(input.shape, y.shape)) continue;
    const rows = lowering.existingRows(input);
    if (rows !== undefined) return rows.order;
  }
  return undefined;
}
