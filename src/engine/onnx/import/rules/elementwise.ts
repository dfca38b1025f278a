/** Operators that look at one place of their operands at a time. */
import { sizeOf, stridesOf } from '../../../../tensor/shape.js';
import * as g from '../../../graph/build.js';
import * as c from '../../../graph/compose.js';
import { broadcastShapes } from '../../../graph/shapes.js';
import type { Value } from '../../../graph/value.js';
import type { Call, ImportRule } from './call.js';
import {
  type ForeignValue,
  floatsOf,
  isKnown,
  type KnownValue,
  known,
  type NumberKind,
  shapeOf,
  traced,
} from './foreign-value.js';

type Compute = (...numbers: number[]) => number;

/** Both ways of an operator: on numbers that are known, and on values of the graph. */
interface Elementwise {
  readonly compute: Compute;
  /** Undefined where nothing in a graph computes it. */
  readonly apply?: ((...values: Value[]) => Value) | undefined;
}

const one = (compute: (x: number) => number, apply?: (x: Value) => Value): Elementwise => ({
  compute: (x) => compute(x as number),
  apply: apply && ((x) => apply(x as Value)),
});

const two = (
  compute: (a: number, b: number) => number,
  apply?: (a: Value, b: Value) => Value,
): Elementwise => ({
  compute: (a, b) => compute(a as number, b as number),
  apply: apply && ((a, b) => apply(a as Value, b as Value)),
});

const three = (
  compute: (a: number, b: number, c: number) => number,
  apply: (a: Value, b: Value, c: Value) => Value,
): Elementwise => ({
  compute: (a, b, c) => compute(a as number, b as number, c as number),
  apply: (a, b, c) => apply(a as Value, b as Value, c as Value),
});

/** The result at each place of operands that broadcast. */
function computed(operands: readonly KnownValue[], compute: Compute, kind: NumberKind): KnownValue {
  const shape = operands.reduce<readonly number[]>(
    (all, operand) => broadcastShapes('add', all, operand.shape),
    [],
  );
  const readers = operands.map((operand) => placesIn(operand, shape));
  const numbers = Array.from({ length: sizeOf(shape) }, (_, place) =>
    compute(...readers.map((read) => read(place))),
  );
  return known(numbers, shape, kind);
}

/** The number of an operand for each place of the whole shape. */
function placesIn({ numbers, shape: own }: KnownValue, shape: readonly number[]): (place: number) => number {
  if (numbers.length === 1) return () => numbers[0] ?? 0;
  const strides = stridesOf(shape);
  const ownStrides = stridesOf(own);
  const steps = shape.map((_, axis) => {
    const ownAxis = axis - shape.length + own.length;
    return ownAxis < 0 || own[ownAxis] === 1 ? 0 : (ownStrides[ownAxis] ?? 0);
  });
  return (place) => {
    let at = 0;
    for (const [axis, stride] of strides.entries()) {
      at += (Math.floor(place / stride) % (shape[axis] ?? 1)) * (steps[axis] ?? 0);
    }
    return numbers[at] ?? 0;
  };
}

/**
 * How many numbers are computed here at most; the graph computes more. An export is traced for a
 * thousand examples, and places of all their channels are computed where an exporter has strided.
 */
const MOST_COMPUTED = 2 ** 22;

const operandsOf = ({ count, operand }: Call) => Array.from({ length: count }, (_, index) => operand(index));

function resultOf(
  call: Call,
  operands: readonly ForeignValue[],
  { compute, apply }: Elementwise,
  kind: NumberKind,
): ForeignValue {
  const small = operands.every((operand) => isKnown(operand) && operand.numbers.length <= MOST_COMPUTED);
  if (small) return computed(operands as readonly KnownValue[], compute, kind);
  if (apply === undefined) {
    return call.refuse(
      `computes ${operands.map((operand) => operand.kind).join(' and ')} that depend on data`,
      'only numbers that do not depend on data can be computed so',
    );
  }
  return traced(apply(...operands.map(floatsOf)), kind);
}

const kindOf = (operands: readonly ForeignValue[]): NumberKind =>
  operands.some(({ kind }) => kind === 'float') ? 'float' : (operands[0]?.kind ?? 'float');

/** The result is of the kind of the operands. */
const alike =
  (rule: Elementwise): ImportRule =>
  (call) => {
    const operands = operandsOf(call);
    return resultOf(call, operands, rule, kindOf(operands));
  };

/** Where whole numbers have a meaning of their own. */
const byKind =
  (floats: Elementwise, ints: Elementwise): ImportRule =>
  (call) => {
    const operands = operandsOf(call);
    const kind = kindOf(operands);
    return resultOf(call, operands, kind === 'float' ? floats : ints, kind);
  };

const condition =
  (rule: Elementwise): ImportRule =>
  (call) =>
    resultOf(call, operandsOf(call), rule, 'bool');

/**
 * A comparison of what is drawn uniformly with a number: a mask of which a known share is 1. In
 * evaluation each place has this share, so that the factor 1/share beside it makes the identity.
 */
const comparison =
  (isLess: boolean, rule: Elementwise): ImportRule =>
  (call) => {
    const [a, b] = [call.operand(0), call.operand(1)];
    const drawn = [a, b].findIndex((x) => !isKnown(x) && x.isDrawn);
    if (drawn < 0 || call.surroundings.keys !== undefined) return condition(rule)(call);
    const threshold = floatsOf(drawn === 0 ? b : a);
    const share = (drawn === 0) === isLess ? threshold : g.sub(1, threshold);
    return traced(g.expand(share, broadcastShapes('greater', shapeOf(a), shapeOf(b))), 'bool');
  };

/** One operand or more, taken together from the first to the last. */
const variadic =
  (rule: Elementwise): ImportRule =>
  (call) => {
    const operands = operandsOf(call);
    const kind = kindOf(operands);
    return operands.slice(1).reduce((all, next) => resultOf(call, [all, next], rule, kind), call.operand(0));
  };

const not = (mask: Value) => g.sub(1, mask);
const alpha = (call: Call, standard: number) => call.float('alpha') ?? standard;

/** An operator of floats with attributes. */
const activation =
  (apply: (x: Value, call: Call) => Value): ImportRule =>
  (call) =>
    traced(apply(call.floats(0), call));

const selu = (x: Value, call: Call) =>
  g.mul(c.elu(x, alpha(call, 1.6732631921768188)), call.float('gamma') ?? 1.0507010221481323);

/** 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))) */
const tanhGelu = (x: Value) => {
  const inner = g.mul(g.add(x, g.mul(g.mul(g.mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return g.mul(g.mul(x, 0.5), g.add(g.tanh(inner), 1));
};

const clip: ImportRule = (call) => {
  const bound = (name: string, index: number) =>
    call.opset < 11 ? call.float(name) : call.numbers(index)?.[0];
  const [min, max] = [bound('min', 1), bound('max', 2)];
  const x = call.operand(0);
  if (isKnown(x)) {
    const inside = (number: number) => Math.min(Math.max(number, min ?? -Infinity), max ?? Infinity);
    return known(x.numbers.map(inside), x.shape, x.kind);
  }
  const finite = (value: number | undefined) =>
    value !== undefined && Math.abs(value) < 3e38 ? value : undefined;
  const [low, high] = [finite(min), finite(max)];
  return traced(
    c.clamp(floatsOf(x), {
      ...(low !== undefined && { min: low }),
      ...(high !== undefined && { max: high }),
    }),
    x.kind,
  );
};

const power: ImportRule = (call) => {
  const [base, exponent] = [call.operand(0), call.operand(1)];
  const shape = broadcastShapes('mul', shapeOf(base), shapeOf(exponent));
  const [number = 1] = isKnown(exponent) ? exponent.numbers : [];
  const isOne = isKnown(exponent) && exponent.numbers.every((other) => other === number);
  const apply = isOne
    ? (x: Value) => g.expand(c.pow(x, number), shape)
    : // Of a positive x; exporters make no other.
      (x: Value, y: Value) => g.exp(g.mul(g.log(x), y));
  return resultOf(
    call,
    [base, exponent],
    two((x, y) => x ** y, apply),
    base.kind,
  );
};

const where: ImportRule = (call) => {
  const operands = operandsOf(call);
  const rule = three((mask, a, b) => (mask === 0 ? b : a), g.where);
  return resultOf(call, operands, rule, kindOf(operands.slice(1)));
};

const cast =
  (kind: (call: Call) => NumberKind): ImportRule =>
  (call) => {
    const x = call.operand(0);
    const to = kind(call);
    const convert = { float: (n: number) => n, int: Math.trunc, bool: (n: number) => Number(n !== 0) }[to];
    if (isKnown(x)) return known(x.numbers.map(convert), x.shape, to);
    if (x.kind === to) return x;
    if (to === 'float' || x.kind === 'bool') return { ...traced(floatsOf(x), to) };
    return traced(to === 'int' ? g.cast(x.value, 'i32') : not(g.equal(floatsOf(x), 0)), to);
  };

/** By the numbers of TensorProto.DataType. */
const kindOfCast = (call: Call): NumberKind => {
  const to = call.int('to') ?? 0;
  if (to === 9) return 'bool';
  if ([1, 10, 11, 16].includes(to)) return 'float';
  if ([2, 3, 4, 5, 6, 7, 12, 13].includes(to)) return 'int';
  return call.refuse(`makes elements of the type ${to}, expected numbers`);
};

/** Known numbers of such operators become values of the graph, too; they are evaluated there. */
const onFloats = (apply: (x: Value) => Value): ImportRule => activation((x) => apply(x));

export const elementwiseRules = {
  Abs: alike(one(Math.abs, c.abs)),
  Add: alike(two((a, b) => a + b, g.add)),
  And: condition(two((a, b) => Number(a !== 0 && b !== 0), g.mul)),
  Cast: cast(kindOfCast),
  CastLike: cast((call) => call.operand(1).kind),
  Ceil: alike(one(Math.ceil)),
  Celu: activation((x, call) => {
    const a = alpha(call, 1);
    return g.mul(c.elu(g.mul(x, 1 / a), 1), a);
  }),
  Clip: clip,
  Cos: alike(one(Math.cos)),
  Div: byKind(
    two((a, b) => a / b, g.div),
    two((a, b) => Math.trunc(a / b)),
  ),
  Elu: activation((x, call) => c.elu(x, alpha(call, 1))),
  Equal: condition(two((a, b) => Number(a === b), g.equal)),
  Erf: onFloats(g.erf),
  Exp: alike(one(Math.exp, g.exp)),
  Floor: alike(one(Math.floor)),
  Gelu: activation((x, call) => (call.text('approximate') === 'tanh' ? tanhGelu(x) : g.gelu(x))),
  Greater: comparison(
    false,
    two((a, b) => Number(a > b), g.greater),
  ),
  GreaterOrEqual: comparison(
    false,
    two(
      (a, b) => Number(a >= b),
      (a, b) => not(g.greater(b, a)),
    ),
  ),
  HardSigmoid: activation((x, call) =>
    c.hardSigmoid(x, { alpha: alpha(call, 0.2), beta: call.float('beta') ?? 0.5 }),
  ),
  HardSwish: onFloats(c.hardSwish),
  Identity: (call: Call) => call.operand(0),
  IsInf: condition(
    one(
      (x) => Number(Math.abs(x) === Number.POSITIVE_INFINITY),
      (x) => g.equal(c.abs(x), Number.POSITIVE_INFINITY),
    ),
  ),
  IsNaN: condition(
    one(
      (x) => Number(Number.isNaN(x)),
      (x) => not(g.equal(x, x)),
    ),
  ),
  LeakyRelu: activation((x, call) => g.leakyRelu(x, alpha(call, 0.01))),
  Less: comparison(
    true,
    two(
      (a, b) => Number(a < b),
      (a, b) => g.greater(b, a),
    ),
  ),
  LessOrEqual: comparison(
    true,
    two(
      (a, b) => Number(a <= b),
      (a, b) => not(g.greater(a, b)),
    ),
  ),
  Log: alike(one(Math.log, g.log)),
  Max: variadic(two(Math.max, c.maximum)),
  Mean: (call: Call) => {
    const sum = operandsOf(call)
      .map(floatsOf)
      .reduce((a, b) => g.add(a, b));
    return traced(g.mul(sum, 1 / call.count));
  },
  Min: variadic(two(Math.min, c.minimum)),
  Mish: onFloats((x) => g.mul(x, g.tanh(c.softplus(x)))),
  Mod: alike(two((a, b) => a - b * Math.floor(a / b))),
  Mul: alike(two((a, b) => a * b, g.mul)),
  Neg: alike(one((x) => -x, g.neg)),
  Not: condition(one((x) => Number(x === 0), not)),
  Or: condition(two((a, b) => Number(a !== 0 || b !== 0), c.maximum)),
  PRelu: (call: Call) => traced(c.prelu(call.floats(0), call.floats(1))),
  Pow: power,
  Reciprocal: alike(
    one(
      (x) => 1 / x,
      (x) => g.div(1, x),
    ),
  ),
  Relu: alike(one((x) => Math.max(x, 0), g.relu)),
  Round: alike(one(roundHalfEven)),
  Selu: activation(selu),
  Sigmoid: onFloats(g.sigmoid),
  Sign: alike(one(Math.sign)),
  Sin: alike(one(Math.sin)),
  Softplus: onFloats(c.softplus),
  Softsign: onFloats((x) => g.div(x, g.add(c.abs(x), 1))),
  Sqrt: alike(one(Math.sqrt, g.sqrt)),
  Sub: alike(two((a, b) => a - b, g.sub)),
  Sum: variadic(two((a, b) => a + b, g.add)),
  Tanh: onFloats(g.tanh),
  ThresholdedRelu: activation((x, call) => g.mul(x, g.greater(x, alpha(call, 1)))),
  Where: where,
  Xor: condition(
    two(
      (a, b) => Number((a !== 0) !== (b !== 0)),
      (a, b) => not(g.equal(a, b)),
    ),
  ),
} as const satisfies Readonly<Record<string, ImportRule>>;

function roundHalfEven(x: number): number {
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}
