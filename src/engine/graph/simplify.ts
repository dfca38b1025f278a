/**
 * Rewrites a graph into a cheaper one with the same results. Equal values become one value. Then,
 * from the bottom up:
 *
 * - arithmetic with 0, 1 and other constants is done here;
 * - a reshape of a reshape becomes one reshape;
 * - whole parts of a concatenation are used as they are, not cut out of it;
 * - values are concatenated along the first axis before they are reshaped, not one by one after;
 * - an expansion is dropped if the elementwise operation after it broadcasts anyway;
 * - a pooling's gradient is summed before it is spread over the windows;
 * - max-pool(relu(x)) becomes relu(max-pool(x)), which works on a fraction of the elements. Values
 *   and gradients are the same: if the maximum of a window is positive, both see the same ties;
 *   otherwise relu's gradient is 0 in both.
 */
import { sameShape, sizeOf } from '../../tensor/shape.js';
import {
  apply,
  concat,
  expand,
  maxPool2d,
  neg,
  reduceSum,
  relu,
  reshape,
  scalar,
  withInputs,
} from './build.js';
import type { OpName } from './ops.js';
import { broadcastShapes } from './shapes.js';
import { type Graph, operand, topologicalOrder, type Value, type ValueOf } from './value.js';

export function simplifyGraph(graph: Graph): Graph {
  const simplified = simplify(Object.values(graph.outputs));
  return {
    outputs: Object.fromEntries(
      Object.keys(graph.outputs).map((name, index) => [name, simplified[index] as Value]),
    ),
  };
}

/** The cheaper equivalents of these values, in the same order. */
export function simplify(values: readonly Value[]): Value[] {
  const unique = new Map<string, Value>();
  const numbers = new Map<Value, number>();
  const replaced = new Map<Value, Value>();

  /** Returns the one value that represents all values equal to this one. */
  const intern = (value: Value): Value => {
    if (numbers.has(value)) return value;
    const inputs = value.inputs.map(intern);
    // A body is long; each is taken as equal to itself only.
    const attributes = value.op === 'sumOverParts' ? numbers.size : value.attributes;
    const key = JSON.stringify(
      [value.op, attributes, inputs.map((input) => numbers.get(input))],
      exactNumber,
    );
    const known = unique.get(key);
    if (known !== undefined) return known;
    const fresh = withInputs(value, inputs);
    numbers.set(fresh, numbers.size);
    unique.set(key, fresh);
    return fresh;
  };

  for (const value of topologicalOrder(values)) {
    let current = withInputs(
      value,
      value.inputs.map((input) => replaced.get(input) ?? input),
    );
    for (let next = rewrite(current); next !== undefined; next = rewrite(current)) current = next;
    replaced.set(value, intern(current));
  }
  return values.map((value) => replaced.get(value) ?? value);
}

/** JSON would write ∞, −∞ and NaN as null, and −0 as 0. */
function exactNumber(_: string, value: unknown): unknown {
  return typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
    ? `${Object.is(value, -0) ? '-0' : value}`
    : value;
}

const ARITHMETIC: Partial<Record<OpName, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
};

/** A cheaper value equal to this one, or undefined. */
function rewrite(value: Value): Value | undefined {
  switch (value.op) {
    case 'add':
    case 'sub':
    case 'mul':
    case 'div':
      return rewriteArithmetic(value);
    case 'neg': {
      const x = operand(value, 0);
      const number = constantNumber(x);
      if (number !== undefined) return scalar(-number);
      return x.op === 'neg' ? operand(x, 0) : undefined;
    }
    case 'reshape': {
      const x = operand(value, 0);
      if (sameShape(x.shape, value.shape)) return x;
      return x.op === 'reshape' ? reshape(operand(x, 0), value.shape) : undefined;
    }
    case 'slice': {
      // All of it: the runtime would copy it.
      const x = operand(value, 0);
      return sameShape(x.shape, value.shape) ? x : partsOfConcatenation(value);
    }
    case 'concat':
      return concatenationOfReshaped(value);
    case 'reduceSum': {
      const x = operand(value, 0);
      const { axes, keepDims } = value.attributes;
      return x.op === 'neg' ? neg(reduceSum(operand(x, 0), axes, keepDims)) : sumOfPoolingGradient(value);
    }
    case 'maxPool2d': {
      const x = operand(value, 0);
      const { kernel, strides, padding } = value.attributes;
      return x.op === 'relu' ? relu(maxPool2d(operand(x, 0), { kernel, strides, padding })) : undefined;
    }
    default:
      return undefined;
  }
}

function rewriteArithmetic(value: Value): Value | undefined {
  const [a, b] = [operand(value, 0), operand(value, 1)];
  const [x, y] = [constantNumber(a), constantNumber(b)];
  const compute = ARITHMETIC[value.op];
  if (x !== undefined && y !== undefined && compute !== undefined) return scalar(compute(x, y));
  const unchanged = (kept: Value) => (sameShape(kept.shape, value.shape) ? kept : undefined);
  if (y === 1 && (value.op === 'mul' || value.op === 'div')) return unchanged(a);
  if (y === 0 && (value.op === 'add' || value.op === 'sub')) return unchanged(a);
  if (x === 1 && value.op === 'mul') return unchanged(b);
  if (x === 0 && value.op === 'add') return unchanged(b);
  // a + (−b) = a − b, a − (−b) = a + b
  if (b.op === 'neg' && (value.op === 'add' || value.op === 'sub')) {
    return apply(value.op === 'add' ? 'sub' : 'add', [a, operand(b, 0)], {});
  }
  if (a.op === 'neg' && value.op === 'add') return apply('sub', [b, operand(a, 0)], {});
  // v + v = v·2, as in the gradient of a squared difference.
  if (value.op === 'add' && a === b) return apply('mul', [a, scalar(2)], {});
  // (v·c)·d = v·(c·d)
  if (value.op === 'mul' && y !== undefined && a.op === 'mul') {
    const inner = constantNumber(operand(a, 1));
    if (inner !== undefined) return apply('mul', [operand(a, 0), scalar(inner * y)], {});
  }
  return withoutExpansion(value, a, b);
}

/**
 * f(expand(a), b): the operation broadcasts a if b has the full shape. If b is a number, the result
 * is expanded instead.
 */
function withoutExpansion(value: Value, a: Value, b: Value): Value | undefined {
  const op = value.op as 'add' | 'sub' | 'mul' | 'div';
  for (const [expanded, other, first] of [
    [a, b, true],
    [b, a, false],
  ] as const) {
    if (expanded.op !== 'expand') continue;
    const source = operand(expanded, 0);
    const operands = first ? [source, other] : [other, source];
    if (sizeOf(other.shape) === 1 && other.shape.length === 0)
      return expand(apply(op, operands, {}), value.shape);
    if (sameShape(broadcastShapes(op, source.shape, other.shape), value.shape))
      return apply(op, operands, {});
  }
  return undefined;
}

/**
 * The sum of a pooling's gradient over all pixels is the sum of dy, because each window passes on
 * everything it receives. So the bias before a pooling costs a pass over the pooled image, not over
 * the whole image.
 */
function sumOfPoolingGradient(value: ValueOf<'reduceSum'>): Value | undefined {
  const x = operand(value as Value, 0);
  const { axes, keepDims } = value.attributes;
  if (!axes.includes(2) || !axes.includes(3)) return undefined;
  if (x.op === 'maxPool2dGradient') return reduceSum(operand(x, 2), axes, keepDims);
  if (x.op === 'averagePool2dGradient') return reduceSum(operand(x, 0), axes, keepDims);
  return undefined;
}

/** The parts of a concatenation that a slice consists of, if it begins and ends between parts. */
function partsOfConcatenation(value: ValueOf<'slice'>): Value | undefined {
  const whole = operand(value as Value, 0);
  if (whole.op !== 'concat') return undefined;
  const { axis } = whole.attributes;
  const { starts, ends } = value.attributes;
  if (whole.shape.some((extent, i) => i !== axis && (starts[i] !== 0 || ends[i] !== extent)))
    return undefined;
  let end = 0;
  const edges = [0, ...whole.inputs.map((part) => (end += part.shape[axis] as number))];
  const [first, last] = [edges.lastIndexOf(starts[axis] as number), edges.indexOf(ends[axis] as number)];
  if (first < 0 || last <= first) return undefined;
  const parts = whole.inputs.slice(first, last);
  return parts.length === 1 ? parts[0] : concat(parts, axis);
}

/**
 * Along the first axis, a concatenation puts one value behind the other in memory. So matrices of
 * like shapes are joined before they are reshaped, and the result is reshaped once.
 */
function concatenationOfReshaped(value: ValueOf<'concat'>): Value | undefined {
  if (value.attributes.axis !== 0) return undefined;
  const sources = value.inputs.flatMap((part) => (part.op === 'reshape' ? [operand(part, 0)] : []));
  const rest = sources[0]?.shape.slice(1) ?? [];
  const isAlike = ({ shape }: Value) => shape.length > 1 && sameShape(shape.slice(1), rest);
  if (sources.length < value.inputs.length || !sources.every(isAlike)) return undefined;
  return reshape(concat(sources, 0), value.shape);
}

/** The number in a scalar constant. */
function constantNumber(value: Value): number | undefined {
  return value.op === 'constant' && value.shape.length === 0 ? value.attributes.values[0] : undefined;
}
