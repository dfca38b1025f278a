/** Exported operations run in ONNX Runtime, for several batch sizes, against the evaluator. */
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../base/random.js';
import { type Shape, sizeOf } from '../../../tensor/shape.js';
import { stateLayout } from '../../../tensor/state-dict.js';
import { f32Tensor } from '../../../tensor/tensor.js';
import * as g from '../../graph/build.js';
import * as c from '../../graph/compose.js';
import { evaluate } from '../../graph/evaluate.js';
import type { Value } from '../../graph/value.js';
import { ortNode } from '../../runtime/node/ort-node.js';
import { exportGraph } from './export.js';

interface Case {
  /** Of one example. */
  readonly x: Shape;
  /** Of weights, which are initializers. */
  readonly weights?: readonly Shape[];
  readonly f: (x: Value, ...weights: readonly Value[]) => Value;
}

const cases: Record<string, Case> = {
  abs: { x: [5], f: c.abs },
  'pow 3': { x: [5], f: (x) => c.pow(x, 3) },
  elu: { x: [5], f: (x) => c.elu(x) },
  prelu: { x: [3, 2, 2], weights: [[3, 1, 1]], f: (x, slope) => c.prelu(x, slope as Value) },
  softplus: { x: [5], f: c.softplus },
  'hard swish': { x: [5], f: (x) => c.hardSwish(g.mul(x, 4)) },
  clamp: { x: [5], f: (x) => c.clamp(x, { min: -0.5, max: 0.5 }) },
  'the maximum of two': { x: [5], weights: [[5]], f: (x, other) => c.maximum(x, other as Value) },
  'a minimum over an axis': { x: [3, 4], f: (x) => c.reduceMin(x, [1]) },
  'a dilated convolution': {
    x: [4, 7, 6],
    weights: [[6, 2, 3, 2], [6]],
    f: (x, w, b) => g.conv2d(x, w as Value, b, { dilations: [2, 3], groups: 2, strides: [2, 1], padding: 1 }),
  },
  'a transposed convolution': {
    x: [4, 5, 6],
    weights: [[4, 3, 3, 2], [6]],
    f: (x, w, b) =>
      g.convTranspose2d(x, w as Value, b, {
        ...{ strides: [2, 3], groups: 2, dilations: [2, 1], padding: 1, outputPadding: [1, 2] },
      }),
  },
};

const numbers = (shape: Shape, ...seed: (string | number)[]) => {
  const stream = randomStream('export', ...seed);
  return Float32Array.from({ length: sizeOf(shape) }, () => stream.normal());
};

describe.each(Object.entries(cases))('%s, exported', (_, { x: example, weights: shapes = [], f }) => {
  it('gives for any number of examples what the evaluator gives', async () => {
    const layout = stateLayout(shapes.map((shape, index) => [`w${index}`, shape]));
    const values = Object.fromEntries(layout.map(({ name, shape }) => [name, numbers(shape, name)]));
    const data = Float32Array.from(Object.values(values).flatMap((part) => [...part]));
    const weights = layout.map(({ name, shape }) => g.input(name, shape));
    const trace = (batch: number) => ({ outputs: { y: f(g.input('x', [batch, ...example]), ...weights) } });
    const session = await ortNode().open(exportGraph(trace, { layout, data }));
    for (const batch of [1, 3]) {
      const shape = [batch, ...example];
      const x = numbers(shape, batch);
      const { y } = await session.run({ x: f32Tensor(x, shape) });
      const expected = evaluate(trace(batch), { x, ...values }).y as Float64Array;
      expect(y?.shape).toEqual(trace(batch).outputs.y.shape);
      for (const [index, number] of expected.entries()) expect(y?.data[index]).toBeCloseTo(number, 5);
    }
    await session.release();
  });
});
