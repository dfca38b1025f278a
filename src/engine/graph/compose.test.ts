import { describe, expect, it } from 'vitest';
import { f32Tensor } from '../../tensor/tensor.js';
import { gradients } from '../autodiff/gradients.js';
import { lower } from '../onnx/lower/lower.js';
import { ortNode } from '../runtime/node/ort-node.js';
import * as g from './build.js';
import * as c from './compose.js';
import { evaluate } from './evaluate.js';
import type { Value } from './value.js';

type Case = [what: string, f: (x: Value) => Value, at: number[], values: number[], slopes: number[]];
/** Values and slopes where a function has a kink or a number is extreme, as PyTorch has them. */
const cases: Case[] = [
  ['abs', c.abs, [0, -3e38, Infinity], [0, 3e38, Infinity], [0, -1, 1]],
  ['pow 1.5', (x) => c.pow(x, 1.5), [0, 4], [0, 8], [0, 3]],
  ['pow 3', (x) => c.pow(x, 3), [0, -2], [0, -8], [0, 12]],
  ['pow 2', (x) => c.pow(x, 2), [0, -2], [0, 4], [0, -4]],
  ['pow −1', (x) => c.pow(x, -1), [-2, 4], [-0.5, 0.25], [-0.25, -0.0625]],
  ['pow −2', (x) => c.pow(x, -2), [-2, 4], [0.25, 0.0625], [0.25, -0.03125]],
  ['elu', c.elu, [0, 90, -200], [0, 90, -1], [1, 1, 0]],
  ['prelu', (x) => c.prelu(x, g.scalar(0.25)), [0, 4, -4], [0, 4, -1], [0.25, 1, 0.25]],
  ['softplus', c.softplus, [0, 500, -500], [Math.LN2, 500, 0], [0.5, 1, 0]],
  ['hard sigmoid', c.hardSigmoid, [-3, 3, 0, 500], [0, 1, 0.5, 1], [0, 0, 1 / 6, 0]],
  ['hard swish', c.hardSwish, [-3, 3, 0], [0, 3, 0], [0, 1, 0.5]],
  [
    'clamp',
    (x) => c.clamp(x, { min: -1, max: 2 }),
    [-1, 2, 5, -Infinity, Infinity, 1e-7],
    [-1, 2, 2, -1, 2, 1e-7],
    [1, 1, 0, 0, 0, 1],
  ],
  ['clamp from 0', (x) => c.clamp(x, { min: 0 }), [0, -2, 3e38], [0, 0, 3e38], [0, 0, 1]],
  ['a maximum with the least number', (x) => c.maximum(x, -3.4e38), [1.5, -Infinity], [1.5, -3.4e38], [1, 0]],
  ['a minimum with itself', (x) => c.minimum(x, 1), [1, Infinity], [1, 1], [1, 0]],
];

describe.each(cases)('%s', (_, f, at, values, slopes) => {
  const x = g.input('x', [at.length]);
  const y = f(x);
  const graph = { outputs: { y, dx: gradients(g.reduceSum(y), [x])[0] as Value } };

  it('has these values and slopes, in float64 and in ONNX Runtime', async () => {
    const session = await ortNode().open(lower(graph));
    const results = await session.run({ x: f32Tensor(Float32Array.from(at), [at.length]) });
    await session.release();
    const reference = evaluate(graph, { x: at });
    for (const [name, expected] of [
      ['y', values],
      ['dx', slopes],
    ] as const) {
      for (const [index, number] of expected.entries()) {
        for (const actual of [reference[name]?.[index], results[name]?.data[index]]) {
          if (Number.isFinite(number)) expect(actual! / (number || 1)).toBeCloseTo(number === 0 ? 0 : 1, 6);
          else expect(actual).toBe(number);
        }
      }
    }
  });
});

it('a whole power 0 is 1, and 1 is the number itself', () => {
  const x = g.input('x', [2]);
  expect(evaluate({ outputs: { y: c.pow(x, 0) } }, { x: [0, -3] }).y).toEqual(Float64Array.of(1, 1));
  expect(c.pow(x, 1)).toBe(x);
});
