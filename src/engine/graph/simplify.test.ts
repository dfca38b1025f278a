import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { sizeOf } from '../../tensor/shape.js';
import { gradients } from '../autodiff/gradients.js';
import * as g from './build.js';
import { evaluate } from './evaluate.js';
import { simplify, simplifyGraph } from './simplify.js';
import { topologicalOrder, type Value } from './value.js';

const a = g.input('a', [2, 3]);
const b = g.input('b', [2, 3]);
const row = g.input('row', [3]);
const image = g.input('image', [2, 3, 4, 4]);

const one = (value: Value) => simplify([value])[0]!;
/** A graph as its formula. A shared value is written each time it is read. */
const formula = (value: Value): string => {
  if (value.op === 'input') return value.attributes.name;
  if (value.op === 'constant' && value.shape.length === 0) return String(value.attributes.values[0]);
  return `${value.op}(${value.inputs.map(formula).join(', ')})`;
};

describe('simplify', () => {
  it('makes equal values one', () => {
    const [x, y] = simplify([g.exp(g.add(a, b)), g.exp(g.add(a, b))]);
    expect(x).toBe(y);
    expect(topologicalOrder([x!, y!])).toHaveLength(4);
  });

  it('keeps values apart whose attributes differ', () => {
    const [x, y] = simplify([g.leakyRelu(a, 0.1), g.leakyRelu(a, 0.2)]);
    expect(x).not.toBe(y);
  });

  it.each([
    [Infinity, -Infinity],
    [Infinity, Number.NaN],
    [0, -0],
  ])('keeps the constants %s and %s apart', (x, y) => {
    const [p, q] = simplify([g.constant([x]), g.constant([y])]) as [Value, Value];
    expect(evaluate({ outputs: { p, q } }, {})).toEqual({ p: Float64Array.of(x), q: Float64Array.of(y) });
  });

  it.each<[string, Value, string]>([
    ['x·1', g.mul(a, 1), 'a'],
    ['1·x', g.mul(1, a), 'a'],
    ['x/1', g.div(a, 1), 'a'],
    ['x + 0', g.add(a, 0), 'a'],
    ['0 + x', g.add(0, a), 'a'],
    ['x − 0', g.sub(a, 0), 'a'],
    ['0 − x, which stays', g.sub(0, a), 'sub(0, a)'],
    ['1/x, which stays', g.div(1, a), 'div(1, a)'],
    ['arithmetic of numbers', g.mul(a, g.sub(g.div(6, 2), g.scalar(5))), 'mul(a, -2)'],
    ['(x·2)·3', g.mul(g.mul(a, 2), 3), 'mul(a, 6)'],
    ['−(−x)', g.neg(g.neg(a)), 'a'],
    ['a number negated', g.mul(a, g.neg(g.scalar(4))), 'mul(a, -4)'],
    ['a reshape to the same shape', g.reshape(a, [2, 3]), 'a'],
    ['a reshape of a reshape', g.reshape(g.reshape(a, [6]), [3, 2]), 'reshape(a)'],
    ['a reshape there and back', g.reshape(g.reshape(a, [6]), [2, 3]), 'a'],
    ['an expansion beside a full operand', g.add(g.expand(row, [2, 3]), a), 'add(row, a)'],
    ['an expansion on the right', g.div(a, g.expand(row, [2, 3])), 'div(a, row)'],
    ['an expansion beside a number', g.sub(1, g.expand(row, [2, 3])), 'expand(sub(1, row))'],
    ['max-pool of relu', g.maxPool2d(g.relu(image), { kernel: 2 }), 'relu(maxPool2d(image))'],
    ['slice(x, all of x)', g.slice(a, [0, 0], [2, 3]), 'a'],
    ['several of these', g.neg(g.neg(g.mul(g.add(g.reshape(a, [2, 3]), 0), 1))), 'a'],
  ])('rewrites %s', (_, value, expected) => {
    expect(formula(one(value))).toBe(expected);
  });

  it.each<[string, Value]>([
    ['0 + a number that is broadcast', g.add(g.scalar(2), g.constant([0, 0]))],
    [
      'two expansions of which neither has the full shape',
      g.add(g.expand(row, [2, 3]), g.expand(g.scalar(1), [2, 3])),
    ],
  ])('keeps the shape of %s', (_, value) => {
    expect(one(value).shape).toEqual(value.shape);
  });

  it('takes parts of a concatenation where a slice cuts between them, and nowhere else', () => {
    const whole = g.concat([a, b, a], 0);
    expect(one(g.slice(whole, [2, 0], [4, 3]))).toBe(b);
    expect(formula(one(g.slice(whole, [2, 0], [6, 3])))).toBe('concat(b, a)');
    expect(formula(one(g.slice(whole, [1, 0], [4, 3])))).toBe('slice(concat(a, b, a))');
    expect(formula(one(g.slice(whole, [2, 0], [4, 2])))).toBe('slice(concat(a, b, a))');
  });

  it('gives outputs back under their names, and inputs as they are', () => {
    const { outputs } = simplifyGraph({ outputs: { sum: g.add(a, 0), b } });
    expect(Object.keys(outputs)).toEqual(['sum', 'b']);
    expect(outputs.sum).toBe(a);
    expect(outputs.b).toBe(b);
  });
});

// Multiples of 1/8 and powers of two: their sums and products are exact, so rounding does not cross
// a kink of relu.
const numbersFor = (shape: readonly number[], seed: number) => {
  const stream = randomStream('simplify', seed);
  return Float64Array.from({ length: sizeOf(shape) }, () => (stream.integer(33) - 16) / 8);
};
const SHAPE = [2, 3];
const column = g.input('column', [2, 1]);
const LEAVES: readonly Value[] = [a, b, row, column, ...[0, 1, 2, 0.5, -1].map(g.scalar)];

/** One step of building a graph: applies an operation to values that exist already. */
type Instruction = readonly [(x: Value, y: Value) => Value, number, number];
const operations: readonly ((x: Value, y: Value) => Value)[] = [
  g.add,
  g.sub,
  g.mul,
  (x) => g.div(x, 1),
  (x) => g.div(x, 2),
  g.neg,
  g.relu,
  (x) => g.expand(x, SHAPE),
  (x) => g.reshape(g.reshape(g.expand(x, SHAPE), [6]), [3, 2]),
  (x) => g.reduceSum(g.expand(x, SHAPE), [1], true),
];
const instruction: fc.Arbitrary<Instruction> = fc.tuple(fc.constantFrom(...operations), fc.nat(), fc.nat());

/** The last value that fits into [2, 3], built from the leaves. */
function build(instructions: readonly Instruction[]): Value {
  const values = [...LEAVES];
  const pick = (index: number) => values[index % values.length]!;
  for (const [operation, i, j] of instructions) {
    const [x, y] = [pick(i), pick(j)];
    // A [3, 2] is reshaped so that the next step can read it.
    const asShape = (v: Value) => (v.shape[0] === 3 && v.shape.length === 2 ? g.reshape(v, SHAPE) : v);
    values.push(operation(asShape(x), asShape(y)));
  }
  const last = values.at(-1)!;
  return sizeOf(last.shape) === 6 ? g.reshape(last, SHAPE) : g.expand(last, SHAPE);
}

describe('a simplified graph', () => {
  const inputs = { a, b, row, column };
  const data = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape }], index) => [name, numbersFor(shape, index)]),
  );
  const weights = g.constant([1, 2, -1, 0.5, 4, -2], SHAPE);
  /**
   * The loss and its gradients for all inputs. The inputs are added to the loss, so that it depends
   * on each of them.
   */
  const slopesOf = (loss: Value) =>
    Object.fromEntries(gradients(loss, Object.values(inputs)).map((slope, index) => [`d${index}`, slope]));

  it('has the values and the gradients of the graph it came from', () => {
    fc.assert(
      fc.property(fc.array(instruction, { minLength: 1, maxLength: 14 }), (instructions) => {
        const y = build(instructions);
        const all = Object.values(inputs).reduce<Value>((sum, x) => g.add(sum, g.reduceSum(x)), g.scalar(0));
        const loss = g.add(g.reduceSum(g.mul(y, weights)), all);
        const [simpleY, simpleLoss] = simplify([y, loss]) as [Value, Value];
        const expected = evaluate({ outputs: { y, ...slopesOf(loss) } }, data);
        const simplified = simplifyGraph({ outputs: { y: simpleY, ...slopesOf(simpleLoss) } });
        const actual = evaluate(simplified, data);
        for (const [name, values] of Object.entries(expected)) {
          const scale = Math.max(1, ...values.map(Math.abs));
          const differences = actual[name]!.map((x, i) => Math.abs(x - values[i]!));
          expect(Math.max(...differences) / scale).toBeLessThan(1e-12);
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('has the gradients of max-pooled relu, ties and padding included', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        fc.nat({ max: 1 }),
        fc.array(fc.integer({ min: -1, max: 1 }), { minLength: 30, maxLength: 30 }),
        (kernel, strides, padding, pixels) => {
          const x = g.input('x', [1, 1, 5, 6]);
          const y = g.maxPool2d(g.relu(x), { kernel, strides, padding: Math.min(padding, kernel - 1) });
          const steps = g.constant(
            Array.from({ length: sizeOf(y.shape) }, (_, i) => i + 1),
            y.shape,
          );
          const slope = (v: Value) => gradients(g.reduceSum(g.mul(v, steps)), [x])[0]!;
          const outputs = { y, dx: slope(y), simpleY: one(y), simpleDx: slope(one(y)) };
          const results = evaluate({ outputs }, { x: pixels });
          expect(results.simpleY).toEqual(results.y);
          expect(results.simpleDx).toEqual(results.dx);
        },
      ),
      { seed: 2, numRuns: 100 },
    );
  });
});
