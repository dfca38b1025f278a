/**
 * The reference evaluator: it computes each operation by its definition, in float64, one element at
 * a time. It is slow and plain on purpose, because the fast paths are tested against it.
 */
import { formatShape, sizeOf } from '../../tensor/shape.js';
import { evaluateRules } from './evaluate-rules.js';
import { type Graph, GraphError, topologicalOrder, type Value, type ValueOf } from './value.js';

export type Evaluated = Readonly<Record<string, Float64Array>>;

/** Evaluates a graph for these inputs: the elements of each output, row-major. */
export function evaluate(graph: Graph, inputs: Readonly<Record<string, ArrayLike<number>>>): Evaluated {
  const results = new Map<Value, Float64Array>();
  for (const value of topologicalOrder(Object.values(graph.outputs))) {
    results.set(value, value.op === 'input' ? fed(value, inputs) : evaluateValue(value, results));
  }
  return Object.fromEntries(
    Object.entries(graph.outputs).map(([name, value]) => [name, results.get(value) as Float64Array]),
  );
}

function evaluateValue(value: Value, results: ReadonlyMap<Value, Float64Array>): Float64Array {
  const operands = value.inputs.map((input) => ({
    shape: input.shape,
    data: results.get(input) as Float64Array,
  }));
  const rule = evaluateRules[value.op] as (
    value: Value,
    operands: readonly unknown[],
    evaluateBody: (result: Value, inputs: Readonly<Record<string, Float64Array>>) => Float64Array,
  ) => Float64Array;
  return rule(
    value,
    operands,
    (result, inputs) => evaluate({ outputs: { result } }, inputs).result as Float64Array,
  );
}

function fed(value: ValueOf<'input'>, inputs: Readonly<Record<string, ArrayLike<number>>>): Float64Array {
  const data = inputs[value.attributes.name];
  if (data?.length !== sizeOf(value.shape)) {
    throw new GraphError(
      `graph: the input "${value.attributes.name}" has ${data?.length ?? 'no'} numbers, expected ${sizeOf(value.shape)}, of the shape ${formatShape(value.shape)}`,
    );
  }
  return Float64Array.from(data);
}
