/**
 * Lowers a sum over parts to an ONNX Loop, which computes the parts one after the other in the same
 * memory. The model builder keeps what does not depend on the part (transformed weights, indices)
 * outside the loop.
 */

import { sizeOf } from '../../../tensor/shape.js';
import { bodyResult, type Value, type ValueOf } from '../../graph/value.js';
import type { Lowering } from './lowering.js';

export function lowerSumOverParts(lowering: Lowering, y: ValueOf<'sumOverParts'>): string {
  const { inputs, sliced, parts } = y.attributes;
  const operands = lowering.plainOperands(y as Value).map((name, index) => {
    const [extent = 1, ...rest] = (y.inputs[index] as Value).shape;
    return index < sliced ? lowering.reshape(name, [parts, extent / parts, ...rest]) : name;
  });
  return lowering.model.sumOfLoop(parts, sizeOf(y.shape), (body, part) =>
    lowering.body(body, bodyResult(y), (value) => {
      if (value.op !== 'input') return undefined;
      const index = inputs.indexOf(value.attributes.name);
      const operand = operands[index] as string;
      return index < sliced ? body.node('Gather', [operand, part], { axis: 0 }) : operand;
    }),
  );
}
