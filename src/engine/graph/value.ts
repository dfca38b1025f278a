/**
 * A value of a graph: an operation applied to other values. Values are immutable. A graph is
 * everything that its outputs depend on.
 */
import { CommonweightError } from '../../base/error.js';
import { formatShape, type Shape } from '../../tensor/shape.js';
import type { OpAttributes, OpName, ValueType } from './ops.js';

export interface ValueOf<Op extends OpName> {
  readonly op: Op;
  readonly attributes: OpAttributes[Op];
  readonly inputs: readonly Value[];
  readonly dtype: ValueType;
  readonly shape: Shape;
}

export type Value = { [Op in OpName]: ValueOf<Op> }[OpName];

/**
 * Named results. The graph is everything that they reach through `inputs`; its inputs are the
 * `input` values among it.
 */
export interface Graph {
  readonly outputs: Readonly<Record<string, Value>>;
}

export class GraphError extends CommonweightError {
  override readonly name = 'GraphError';
}

/** "conv2d f32[64,128,28,28]", for error messages. */
export function describeValue(value: Value): string {
  return `${value.op} ${value.dtype}${formatShape(value.shape)}`;
}

/** The i-th operand. */
export function operand(value: Value, index: number): Value {
  const input = value.inputs[index];
  if (input === undefined) throw new Error(`internal: ${describeValue(value)} has no operand ${index}`);
  return input;
}

/** The vector that a sum over parts adds up. */
export function bodyResult({ attributes }: ValueOf<'sumOverParts'>): Value {
  return attributes.body.result as Value;
}

/**
 * Every value that the outputs depend on, operands before their users. The order depends only on
 * the graph.
 */
export function topologicalOrder(outputs: Iterable<Value>): Value[] {
  const order: Value[] = [];
  const seen = new Set<Value>();
  // An explicit stack, because a graph of ten thousand values is deeper than the call stack.
  const stack: { value: Value; next: number }[] = [];
  const enter = (value: Value) => {
    if (seen.has(value)) return;
    seen.add(value);
    stack.push({ value, next: 0 });
  };
  for (const output of outputs) {
    enter(output);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const input = top.value.inputs[top.next++];
      if (input !== undefined) {
        enter(input);
      } else {
        order.push(top.value);
        stack.pop();
      }
    }
  }
  return order;
}

/** The graph's inputs by name. */
export function graphInputs(graph: Graph): Map<string, ValueOf<'input'>> {
  const inputs = new Map<string, ValueOf<'input'>>();
  for (const value of topologicalOrder(Object.values(graph.outputs))) {
    if (value.op !== 'input') continue;
    if (inputs.has(value.attributes.name)) {
      throw new Error(`internal: two different inputs are named "${value.attributes.name}"`);
    }
    inputs.set(value.attributes.name, value);
  }
  return inputs;
}
