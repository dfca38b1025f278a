/**
 * Chooses the row order of an image that suits its readers. An operation that can give rows in any
 * order asks here. A reader that needs one order answers; an elementwise reader passes the question
 * on to its own readers.
 */

import { sameShape } from '../../../tensor/shape.js';
import type { Value } from '../../graph/value.js';
import { convolutionAlgorithm, tileOf } from './convolution-algorithm.js';
import { imageSize, type Lowering } from './lowering.js';
import { lineOrder, phaseOrder, type RowOrder, tileOrder } from './row-order.js';
import { isExactPooling } from './taps.js';

export function preferredOrder(lowering: Lowering, value: Value, asked = new Set<Value>()): RowOrder {
  asked.add(value);
  for (const user of lowering.usersOf(value)) {
    const order = orderAskedBy(lowering, user, value, asked);
    if (order !== undefined) return order;
  }
  return lineOrder(...imageSize(value));
}

function orderAskedBy(
  lowering: Lowering,
  user: Value,
  value: Value,
  asked: Set<Value>,
): RowOrder | undefined {
  switch (user.op) {
    case 'maxPool2d':
    case 'averagePool2d':
      return isExactPooling(value, user.attributes)
        ? phaseOrder(preferredOrder(lowering, user, asked), user.attributes.kernel)
        : undefined;
    case 'maxPool2dGradient':
      // x and y have their orders by now; the best order for dy, the last operand, is that of y.
      return user.inputs[2] === value ? orderOf(lowering, user.inputs[1]) : undefined;
    case 'conv2d': {
      if (user.inputs[0] !== value) return undefined;
      const tile = tileOf(convolutionAlgorithm(user.attributes, value.shape, user.inputs[1]?.shape ?? []));
      return tile === undefined ? undefined : tileOrder(...imageSize(value), tile);
    }
    default:
      // An elementwise reader: the order of its other operand, or what its own readers ask for.
      if (!sameShape(user.shape, value.shape) || asked.has(user)) return undefined;
      for (const other of user.inputs) {
        if (other !== value && sameShape(other.shape, value.shape)) {
          const order = orderOf(lowering, other);
          if (order !== undefined) return order;
        }
      }
      return preferredOrder(lowering, user, asked);
  }
}

function orderOf(lowering: Lowering, value: Value | undefined): RowOrder | undefined {
  return value === undefined ? undefined : lowering.existingRows(value)?.order;
}
