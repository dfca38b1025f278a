/**
 * Reverse-mode differentiation of a graph (Griewank and Walther 2008, chapter 3): one walk from the
 * loss back to the inputs, which adds up the gradients that reach each value.
 */

import { type Shape, sameShape } from '../../tensor/shape.js';
import { reduceSum, reshape, scalar } from '../graph/build.js';
import { describeValue, GraphError, topologicalOrder, type Value } from '../graph/value.js';
import { sumOfGradients } from './sum-of-gradients.js';
import { type Vjp, vjps } from './vjp.js';

/**
 * The gradient d loss / d x for each x, in the shape of that x.
 * @throws GraphError when the loss is not a scalar, or does not depend on one of the xs.
 */
export function gradients(loss: Value, xs: readonly Value[]): Value[] {
  if (loss.shape.length !== 0) {
    throw new GraphError(`gradients: the loss must be a scalar, got ${describeValue(loss)}`);
  }
  const order = topologicalOrder([loss]);
  const needed = dependents(order, xs);
  const reached = new Map<Value, [Value, ...Value[]]>([[loss, [scalar(1)]]]);
  const gradientOf = new Map<Value, Value>();
  for (const value of order.reverse()) {
    const all = reached.get(value);
    if (all === undefined || !needed.has(value)) continue;
    const dy = sumOfGradients(all);
    gradientOf.set(value, dy);
    const vjp = vjps[value.op] as Vjp<never> as (y: Value, dy: Value) => readonly (Value | undefined)[];
    vjp(value, dy).forEach((dx, index) => {
      const x = value.inputs[index];
      if (x === undefined || dx === undefined || !needed.has(x)) return;
      const own = undoBroadcast(dx, x.shape);
      const others = reached.get(x);
      if (others === undefined) reached.set(x, [own]);
      else others.push(own);
    });
  }
  return xs.map((x) => {
    const gradient = gradientOf.get(x);
    if (gradient === undefined)
      throw new GraphError(`gradients: the loss does not depend on ${describeValue(x)}`);
    return gradient;
  });
}

/** The values that depend on one of the xs. */
function dependents(order: readonly Value[], xs: readonly Value[]): Set<Value> {
  const needed = new Set<Value>(xs);
  for (const value of order) {
    if (value.inputs.some((input) => needed.has(input))) needed.add(value);
  }
  return needed;
}

/** Undoes broadcasting: sums a gradient over the axes along which the operand was repeated. */
function undoBroadcast(gradient: Value, shape: Shape): Value {
  if (sameShape(gradient.shape, shape)) return gradient;
  const added = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((extent, axis) =>
    axis < added || (shape[axis - added] === 1 && extent !== 1) ? [axis] : [],
  );
  return reshape(reduceSum(gradient, axes, true), shape);
}
