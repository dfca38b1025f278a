import { describe, expect, it } from 'vitest';
import { type RandomStream, randomStream } from '../../../base/random.js';
import { sizeOf } from '../../../tensor/shape.js';
import type { Tensor } from '../../../tensor/tensor.js';
import { gradients } from '../../autodiff/gradients.js';
import * as g from '../../graph/build.js';
import * as c from '../../graph/compose.js';
import { evaluate } from '../../graph/evaluate.js';
import { type Graph, graphInputs, type Value } from '../../graph/value.js';
import { ortNode } from '../../runtime/node/ort-node.js';
import { lower } from './lower.js';

/** One case: a function of inputs with these shapes, and how their elements are drawn. */
interface Case {
  readonly f: (...inputs: Value[]) => Value;
  readonly shapes: readonly (readonly number[])[];
  readonly draw?: (stream: RandomStream) => number;
  readonly differentiable?: boolean;
}

const gaussian = (stream: RandomStream) => stream.normal();
const positive = (stream: RandomStream) => 0.5 + stream.uniform();
const tied = (stream: RandomStream) => stream.integer(2);
const constantPatches = () => 0.25;
/**
 * Numbers so far from the kink of relu and from ties that differences of 1e-4 do not cross them.
 */
const distinct = () => {
  let count = 0;
  return () => {
    count = (count + 37) % 101;
    return (count - 50.3) / 40;
  };
};

/** By mean and variance of x, of whose examples the last one counts for nothing. */
function byOwnBatch(x: Value, scale: Value, shift: Value): Value {
  const [n = 1, channels = 1, height = 1, width = 1] = x.shape;
  const counted = (n - 1) * height * width;
  const shares = g.constant(Array.from({ length: n }, (_, at) => (at < n - 1 ? 1 / counted : 0)));
  const meanOf = (values: Value) =>
    g.reduceSum(g.mul(g.reduceSum(values, [2, 3]), g.reshape(shares, [n, 1])), [0]);
  const mean = meanOf(x);
  const centred = g.sub(x, g.reshape(mean, [1, channels, 1, 1]));
  const inverse = g.div(1, g.sqrt(g.add(meanOf(g.mul(centred, centred)), 1e-3)));
  return g.normalizedByShares(x, { mean, inverse, scale, shift, shares });
}

const image = [2, 3, 8, 6];
const cases: Record<string, Case> = {
  neg: { f: g.neg, shapes: [[2, 3]] },
  exp: { f: g.exp, shapes: [[2, 3]] },
  log: { f: g.log, shapes: [[2, 3]], draw: positive },
  sqrt: { f: g.sqrt, shapes: [[2, 3]], draw: positive },
  erf: { f: g.erf, shapes: [[4, 5]] },
  tanh: { f: g.tanh, shapes: [[4, 5]] },
  sigmoid: { f: g.sigmoid, shapes: [[4, 5]] },
  relu: { f: g.relu, shapes: [[4, 5]], draw: distinct() },
  'leaky relu': { f: (x) => g.leakyRelu(x, 0.1), shapes: [[4, 5]], draw: distinct() },
  gelu: { f: g.gelu, shapes: [[4, 5]] },
  'at least a bound': { f: (x) => g.atLeast(x, 0.3), shapes: [[4, 5]], draw: distinct() },
  maximum: { f: c.maximum, shapes: [[4, 5], [5]], draw: distinct() },
  minimum: { f: c.minimum, shapes: [[4, 5], [5]], draw: distinct() },
  'clamp on both sides': {
    f: (x) => c.clamp(x, { min: -0.4, max: 0.6 }),
    shapes: [[4, 5]],
    draw: distinct(),
  },
  'clamp from 0': { f: (x) => c.clamp(x, { min: 0, max: 0.6 }), shapes: [[4, 5]], draw: distinct() },
  abs: { f: c.abs, shapes: [[4, 5]], draw: distinct() },
  'pow with a fraction': { f: (x) => c.pow(x, -1.3), shapes: [[4, 5]], draw: positive },
  'pow of negative numbers': { f: (x) => c.pow(x, 3), shapes: [[4, 5]], draw: distinct() },
  'pow of pixels of a convolution': {
    f: (x, w) => c.pow(g.conv2d(x, w, undefined, { padding: 1 }), 3),
    shapes: [image, [3, 3, 3, 3]],
    draw: distinct(),
  },
  elu: { f: (x) => c.elu(x, 0.7), shapes: [[4, 5]], draw: distinct() },
  prelu: { f: (x, slope) => c.prelu(x, slope), shapes: [[4, 5], [5]], draw: distinct() },
  softplus: { f: c.softplus, shapes: [[4, 5]] },
  'hard sigmoid': { f: (x) => c.hardSigmoid(g.mul(x, 5)), shapes: [[4, 5]], draw: distinct() },
  'hard swish': { f: (x) => c.hardSwish(g.mul(x, 5)), shapes: [[4, 5]], draw: distinct() },
  'add with broadcasting': {
    f: g.add,
    shapes: [
      [2, 3, 4],
      [3, 1],
    ],
  },
  'sub with broadcasting': {
    f: g.sub,
    shapes: [
      [3, 1],
      [2, 3, 4],
    ],
  },
  'mul with broadcasting': { f: g.mul, shapes: [[2, 3, 4], [4]] },
  'div with broadcasting': {
    f: g.div,
    shapes: [
      [2, 3, 4],
      [2, 1, 1],
    ],
    draw: positive,
  },
  greater: { f: g.greater, shapes: [[4, 5], [5]], differentiable: false },
  equal: { f: g.equal, shapes: [[4, 5], [5]], draw: tied, differentiable: false },
  'where, with broadcasting': {
    f: (x, a, b) => g.where(g.greater(x, 0), a, g.mul(b, x)),
    shapes: [[4, 5], [5], [4, 1]],
    draw: distinct(),
  },
  'where one number is chosen for pixels of a convolution': {
    f: (x, w) => {
      const y = g.conv2d(x, w, undefined, { padding: 1 });
      return g.where(g.greater(x, 0), 2, y);
    },
    shapes: [image, [3, 3, 3, 3]],
    draw: distinct(),
  },
  matmul: {
    f: (a, b) => g.matmul(a, b),
    shapes: [
      [4, 3],
      [3, 5],
    ],
  },
  'matmul, A transposed': {
    f: (a, b) => g.matmul(a, b, { transposeA: true }),
    shapes: [
      [3, 4],
      [3, 5],
    ],
  },
  'matmul, B transposed': {
    f: (a, b) => g.matmul(a, b, { transposeB: true }),
    shapes: [
      [4, 3],
      [5, 3],
    ],
  },
  'matmul, both transposed': {
    f: (a, b) => g.matmul(a, b, { transposeA: true, transposeB: true }),
    shapes: [
      [3, 4],
      [5, 3],
    ],
  },
  'matmul of many by one': {
    f: (a, b) => g.matmul(a, b),
    shapes: [
      [2, 4, 3],
      [3, 5],
    ],
  },
  'matmul of many by one, transposed': {
    f: (a, b) => g.matmul(a, b, { transposeB: true }),
    shapes: [
      [2, 4, 3],
      [5, 3],
    ],
  },
  'matmul with broadcast batches': {
    f: (a, b) => g.matmul(a, b, { transposeA: true }),
    shapes: [
      [2, 1, 3, 4],
      [5, 3, 2],
    ],
  },
  'conv2d 3×3, same padding': {
    f: (x, w, b) => g.conv2d(x, w, b, { padding: 1 }),
    shapes: [image, [4, 3, 3, 3], [4]],
  },
  'conv2d 3×3 with many channels (Winograd)': {
    f: (x, w, b) => g.conv2d(x, w, b, { padding: 1 }),
    shapes: [[2, 9, 6, 4], [8, 9, 3, 3], [8]],
  },
  'conv2d 3×3 on an odd image': {
    f: (x, w) => g.conv2d(x, w, undefined, { padding: 1 }),
    shapes: [
      [2, 8, 5, 7],
      [8, 8, 3, 3],
    ],
  },
  'conv2d 3×3 on an image of one line': {
    f: (x, w) => g.conv2d(x, w, undefined, { padding: 1 }),
    shapes: [
      [2, 4, 1, 2],
      [4, 4, 3, 3],
    ],
  },
  'conv2d 5×5 without padding': { f: (x, w, b) => g.conv2d(x, w, b), shapes: [image, [4, 3, 5, 5], [4]] },
  'conv2d 2×3, stride 2×3, uneven padding': {
    f: (x, w) =>
      g.conv2d(x, w, undefined, { strides: [2, 3], padding: { top: 1, left: 0, bottom: 0, right: 2 } }),
    shapes: [image, [4, 3, 2, 3]],
  },
  'conv2d 1×1, stride 2': {
    f: (x, w) => g.conv2d(x, w, undefined, { strides: 2 }),
    shapes: [image, [4, 3, 1, 1]],
  },
  'conv2d in two groups': {
    f: (x, w, b) => g.conv2d(x, w, b, { groups: 2, padding: 1, strides: 2 }),
    shapes: [[2, 4, 7, 6], [6, 2, 3, 3], [6]],
  },
  'conv2d by channel': {
    f: (x, w) => g.conv2d(x, w, undefined, { groups: 3, padding: 1 }),
    shapes: [image, [3, 1, 3, 3]],
  },
  'conv2d, dilated': {
    f: (x, w, b) => g.conv2d(x, w, b, { dilations: 2, padding: 2 }),
    shapes: [image, [4, 3, 3, 3], [4]],
  },
  'conv2d, dilated in two groups, with strides': {
    f: (x, w) => g.conv2d(x, w, undefined, { dilations: [2, 1], groups: 2, padding: 1, strides: [1, 2] }),
    shapes: [
      [2, 4, 7, 6],
      [6, 2, 3, 3],
    ],
  },
  'transposed convolution 2×2, stride 2': {
    f: (x, w, b) => g.convTranspose2d(x, w, b, { strides: 2 }),
    shapes: [[2, 3, 4, 3], [3, 4, 2, 2], [4]],
  },
  'transposed convolution 3×3, stride 2, with padding on all sides': {
    f: (x, w, b) => g.convTranspose2d(x, w, b, { strides: 2, padding: 1, outputPadding: 1 }),
    shapes: [[2, 3, 4, 3], [3, 4, 3, 3], [4]],
  },
  'transposed convolution, dilated in two groups': {
    f: (x, w) => g.convTranspose2d(x, w, undefined, { groups: 2, dilations: 2, padding: 1 }),
    shapes: [
      [2, 4, 4, 3],
      [4, 3, 2, 2],
    ],
  },
  'transposed convolution along one axis': {
    f: (x, w, b) =>
      g.convTranspose2d(x, w, b, { strides: [1, 3], padding: { top: 0, left: 1, bottom: 0, right: 0 } }),
    shapes: [[2, 3, 1, 4], [3, 4, 1, 5], [4]],
  },
  'transposed convolutions of one image by different windows': {
    f: (x, v, w) => g.add(g.convTranspose2d(x, v, undefined, { padding: 1 }), g.convTranspose2d(x, w)),
    shapes: [
      [2, 6, 4, 3],
      [6, 4, 3, 3],
      [6, 4, 1, 1],
    ],
  },
  'convolutions of different windows whose sum is read': {
    f: (x, v, w) => g.add(g.conv2d(x, v, undefined, { padding: 1 }), g.conv2d(x, w)),
    shapes: [
      [2, 6, 4, 3],
      [4, 6, 3, 3],
      [4, 6, 1, 1],
    ],
  },
  'max-pool 2×2': { f: (x) => g.maxPool2d(x, { kernel: 2 }), shapes: [image], draw: distinct() },
  'max-pool of a convolution': {
    f: (x, w) => g.maxPool2d(g.conv2d(x, w, undefined, { padding: 1 }), { kernel: 2 }),
    shapes: [image, [4, 3, 3, 3]],
  },
  'max-pool 3×3, stride 2, padding': {
    f: (x) => g.maxPool2d(x, { kernel: 3, strides: 2, padding: 1 }),
    shapes: [[2, 3, 7, 6]],
    draw: distinct(),
  },
  'max-pool with a rest': {
    f: (x) => g.maxPool2d(x, { kernel: 2 }),
    shapes: [[2, 3, 7, 5]],
    draw: distinct(),
  },
  'average-pool 2×2': { f: (x) => g.averagePool2d(x, { kernel: 2 }), shapes: [image] },
  'average-pool 3×3, stride 2, padding': {
    f: (x) => g.averagePool2d(x, { kernel: 3, strides: 2, padding: 1 }),
    shapes: [[2, 3, 7, 6]],
  },
  'global average pool': { f: g.globalAveragePool, shapes: [image] },
  'global max pool': { f: g.globalMaxPool, shapes: [image], draw: distinct() },
  'sum over an axis': { f: (x) => g.reduceSum(x, [1], true), shapes: [[2, 3, 4]] },
  'sum over no axis': { f: (x) => g.reduceSum(x, []), shapes: [[2, 3, 4]] },
  'mean over all': { f: (x) => g.reduceMean(x), shapes: [[2, 3, 4]] },
  'max over an axis': { f: (x) => g.reduceMax(x, [0, 2]), shapes: [[2, 3, 4]], draw: distinct() },
  'min over an axis': { f: (x) => c.reduceMin(x, [1]), shapes: [[2, 3, 4]], draw: distinct() },
  'arg max': { f: (x) => g.cast(g.argMax(x, 1), 'f32'), shapes: [[5, 7]], differentiable: false },
  softmax: { f: (x) => g.softmax(x), shapes: [[4, 5]] },
  'softmax over an inner axis': { f: (x) => g.softmax(x, 1), shapes: [[2, 3, 4]] },
  'log-softmax': { f: (x) => g.logSoftmax(x), shapes: [[4, 5]] },
  reshape: { f: (x) => g.reshape(x, [3, 8]), shapes: [[2, 3, 4]] },
  expand: { f: (x) => g.expand(x, [2, 3, 4]), shapes: [[3, 1]] },
  transpose: { f: (x) => g.transpose(x, [2, 0, 1]), shapes: [[2, 3, 4]] },
  concat: {
    f: (a, b) => g.concat([a, b, a], 1),
    shapes: [
      [2, 3],
      [2, 4],
    ],
  },
  slice: { f: (x) => g.slice(x, [0, 1, 2], [2, 3, 3]), shapes: [[2, 3, 4]] },
  pad: { f: (x) => g.pad(x, [1, 0], [0, 2]), shapes: [[2, 3]] },
  gather: {
    f: (x) => g.gather(x, g.cast(g.constant([2, 0, 2, 1], [2, 2]), 'i32'), 1),
    shapes: [[2, 3, 4]],
  },
  'one-hot': { f: (x) => g.oneHot(g.cast(x, 'i32'), 3), shapes: [[6]], draw: tied, differentiable: false },
  'layer norm': {
    f: (x, a, b) => g.layerNorm(x, a, b),
    shapes: [
      [3, 4, 5],
      [4, 5],
      [4, 5],
    ],
  },
  'sum over parts': {
    f: (x, w, b) =>
      g.sumOverParts({ sliced: { x }, whole: { w, b } }, 3, ({ x, w, b }) => {
        const y = g.maxPool2d(g.conv2d(x!, w!, b!, { padding: 1 }), { kernel: 2 });
        return g.reshape(g.reduceSum(g.mul(y, y), [0, 2, 3]), [4]);
      }),
    shapes: [[6, 3, 4, 6], [4, 3, 3, 3], [4]],
    differentiable: false,
  },
  'dropout that differs from part to part': {
    f: (x) =>
      g.sumOverParts(
        { sliced: { part: g.cast(g.constant([0, 1, 2]), 'i32') }, whole: { x } },
        3,
        ({ part, x }) => g.dropout(x!, 0.4, [g.reshape(part!, [])], 1),
      ),
    shapes: [[50]],
    differentiable: false,
  },
  'group norm': { f: (x, a, b) => g.groupNorm(x, 2, a, b), shapes: [[2, 4, 3, 5], [4], [4]] },
  'group norm of a convolution, with relu and a shortcut': {
    f: (x, w, a, b) => g.add(g.relu(g.groupNorm(g.conv2d(x, w, undefined, { padding: 1 }), 2, a, b)), x),
    shapes: [[2, 8, 4, 6], [8, 8, 3, 3], [8], [8]],
  },
  'batch norm': { f: byOwnBatch, shapes: [[4, 3, 3, 2], [3], [3]] },
  'batch norm of a convolution, with relu and a shortcut': {
    f: (x, w, a, b) => g.add(g.relu(byOwnBatch(g.conv2d(x, w, undefined, { padding: 1 }), a, b)), x),
    shapes: [[3, 8, 4, 6], [8, 8, 3, 3], [8], [8]],
  },
  'batch norm of a convolution in groups': {
    f: (x, w, a, b) => byOwnBatch(g.conv2d(x, w, undefined, { padding: 1, groups: 4 }), a, b),
    shapes: [[3, 4, 4, 6], [4, 1, 3, 3], [4], [4]],
  },
  dropout: {
    f: (x) => g.dropout(x, 0.4, [g.cast(g.scalar(7), 'i32'), g.cast(g.scalar(3), 'i32')], 1),
    shapes: [[50, 7]],
  },
};

async function run(graph: Graph, data: Readonly<Record<string, Float64Array>>) {
  const session = await ortNode().open(lower(graph));
  const inputs = [...graphInputs(graph)].map(([name, { shape }]): [string, Tensor] => [
    name,
    { dtype: 'f32', shape, data: Float32Array.from(data[name] as Float64Array) },
  ]);
  const results = await session.run(Object.fromEntries(inputs));
  await session.release();
  return results;
}

function inputsOf({ shapes, draw = gaussian }: Case) {
  const stream = randomStream('ops', 1);
  const values = shapes.map((shape, index) => g.input(`x${index}`, shape));
  // Exact in float32, so that the runtime and the reference see the same numbers.
  const data = Object.fromEntries(
    shapes.map((shape, index) => [
      `x${index}`,
      Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(draw(stream))),
    ]),
  );
  return { values, data };
}

/** Σ y·c with fixed c: a scalar whose gradient uses each element of y differently. */
function weightedSum(y: Value): Value {
  const weights = Array.from({ length: sizeOf(y.shape) }, (_, i) => Math.fround(Math.cos(3 * i + 1)));
  return g.reduceSum(g.mul(y, g.constant(weights, y.shape)));
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(1, ...Array.from(expected, Math.abs));
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] as number) - (expected[i] as number));
    worst = Number.isNaN(difference) ? Infinity : Math.max(worst, difference);
  }
  expect(worst / scale).toBeLessThan(tolerance);
}

describe.each(Object.entries(cases))('%s', (_, example) => {
  it('gives in ONNX Runtime what the reference evaluator gives', async () => {
    const { values, data } = inputsOf(example);
    const graph: Graph = { outputs: { y: example.f(...values) } };
    expectClose((await run(graph, data)).y!.data, evaluate(graph, data).y!, 5e-6);
  });

  it.runIf(example.differentiable !== false)('has the gradient that central differences give', async () => {
    const { values, data } = inputsOf(example);
    const loss = weightedSum(example.f(...values));
    const names = values.map((_, index) => `x${index}`);
    const slopes = gradients(loss, values);
    const graph: Graph = { outputs: Object.fromEntries(slopes.map((slope, i) => [`d${i}`, slope])) };
    const reference = evaluate(graph, data);
    for (const [index, name] of names.entries()) {
      expectClose(reference[`d${index}`]!, centralDifferences({ outputs: { loss } }, data, name), 1e-6);
    }
    const inputs = graphInputs(graph);
    const actual = await run(
      graph,
      Object.fromEntries(Object.entries(data).filter(([name]) => inputs.has(name))),
    );
    for (const index of names.keys()) expectClose(actual[`d${index}`]!.data, reference[`d${index}`]!, 1e-5);
  });
});

describe.each([
  ['2×2', { kernel: 2 }],
  ['3×3, stride 2, padding', { kernel: 3, strides: 2, padding: 1 }],
])('max-pool %s on flat patches', (_, options) => {
  it.each([
    ['constant', constantPatches],
    ['of two levels', tied],
  ])('shares the gradient among tied maxima of an image that is %s', async (_, draw) => {
    const { values, data } = inputsOf({ f: g.neg, shapes: [[2, 3, 8, 6]], draw });
    const y = g.maxPool2d(values[0]!, options);
    const graph: Graph = { outputs: { dx: gradients(weightedSum(y), values)[0]! } };
    const reference = evaluate(graph, data).dx!;
    expectClose((await run(graph, data)).dx!.data, reference, 5e-6);
    // The shares add up: the sum of dx is the sum of dy.
    const dy = Array.from({ length: sizeOf(y.shape) }, (_, i) => Math.cos(3 * i + 1));
    expect(reference.reduce((a, b) => a + b, 0)).toBeCloseTo(
      dy.reduce((a, b) => a + b, 0),
      6,
    );
  });
});

function centralDifferences(
  graph: Graph,
  data: Readonly<Record<string, Float64Array>>,
  name: string,
): Float64Array {
  const step = 1e-5;
  const x = data[name] as Float64Array;
  return x.map((_, i) => {
    const at = (delta: number) => {
      const moved = Float64Array.from(x);
      moved[i] = (moved[i] as number) + delta;
      return evaluate(graph, { ...data, [name]: moved }).loss![0] as number;
    };
    return (at(step) - at(-step)) / (2 * step);
  });
}
