/**
 * Convolution and pooling of random shapes, by every algorithm, against the reference evaluator.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../base/random.js';
import { type Shape, sizeOf } from '../../../tensor/shape.js';
import { f32Tensor } from '../../../tensor/tensor.js';
import { gradients } from '../../autodiff/gradients.js';
import * as g from '../../graph/build.js';
import { evaluate } from '../../graph/evaluate.js';
import type { Value } from '../../graph/value.js';
import { ortNode } from '../../runtime/node/ort-node.js';
import { convolutionAlgorithm } from './convolution-algorithm.js';
import { lower } from './lower.js';

const RUNS = { seed: 3, numRuns: 15 };
const between = (min: number, max: number) => fc.integer({ min, max });
const anyPadding = (most: number) =>
  fc.record({
    top: between(0, most),
    left: between(0, most),
    bottom: between(0, most),
    right: between(0, most),
  });

/** Checks that f and its gradients for all inputs are as the evaluator computes them. */
async function expectLoweredEqually(
  shapes: readonly Shape[],
  f: (...inputs: Value[]) => Value,
  draw: (index: number) => number,
) {
  const inputs = shapes.map((shape, index) => g.input(`x${index}`, shape));
  const y = f(...inputs);
  const weights = g.input('weights', y.shape);
  const slopes = gradients(g.reduceSum(g.mul(y, weights)), inputs);
  const outputs = { y, ...Object.fromEntries(slopes.map((slope, index) => [`d${index}`, slope])) };
  const data = Object.fromEntries(
    [...inputs, weights].map((input, k) => [
      k < inputs.length ? `x${k}` : 'weights',
      Float32Array.from({ length: sizeOf(input.shape) }, (_, i) => draw(i + 7919 * k)),
    ]),
  );
  const session = await ortNode().open(lower({ outputs }));
  const tensors = Object.entries(data).map(([name, values], k) => [
    name,
    f32Tensor(values, k < inputs.length ? inputs[k]!.shape : y.shape),
  ]);
  const actual = await session.run(Object.fromEntries(tensors));
  await session.release();
  for (const [name, expected] of Object.entries(evaluate({ outputs }, data))) {
    const scale = Math.max(1, ...expected.map(Math.abs));
    const differences = Array.from(actual[name]!.data, (x, i) => Math.abs(x - expected[i]!));
    expect(differences.length).toBe(expected.length);
    expect(Math.max(...differences) / scale, name).toBeLessThan(1e-5);
  }
}

const gaussian = (index: number) => randomStream('windows', index).normal();
/** Whole numbers from 0 to 2, which give many ties. */
const tied = (index: number) => randomStream('windows', index).integer(3);

describe('a convolution equals the evaluator, forward and for both gradients,', () => {
  it('gathered: any kernel, strides and padding', async () => {
    const shapes = fc.record({
      n: between(1, 3),
      c: between(1, 6),
      o: between(1, 4),
      height: between(4, 8),
      width: between(4, 8),
      kernel: fc.tuple(between(1, 4), between(1, 4)),
      strides: fc.tuple(between(1, 3), between(1, 3)),
      padding: anyPadding(2),
    });
    await fc.assert(
      fc.asyncProperty(shapes, async ({ n, c, o, height, width, kernel, strides, padding }) => {
        const conv = (x: Value, w: Value, b: Value) => g.conv2d(x, w, b, { strides, padding });
        await expectLoweredEqually([[n, c, height, width], [o, c, ...kernel], [o]], conv, gaussian);
      }),
      RUNS,
    );
  });

  it('gathered in stretches, where few channels meet a wide kernel: any strides, padding and pooling', async () => {
    const shapes = fc.record({
      c: between(5, 15),
      o: between(1, 17),
      kernel: fc.tuple(between(1, 5), between(4, 5)),
      strides: fc.tuple(between(1, 2), between(1, 2)),
      padding: anyPadding(2),
      pooled: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(shapes, async ({ c, o, kernel, strides, padding, pooled }) => {
        const conv = (x: Value, w: Value, b: Value) => {
          const image = pooled ? g.averagePool2d(x, { kernel: 2 }) : x;
          return g.conv2d(image, w, b, { strides, padding });
        };
        const size = pooled ? 14 : 7;
        await expectLoweredEqually([[2, c, size, size], [o, c, ...kernel], [o]], conv, gaussian);
      }),
      RUNS,
    );
  });

  it('of few channels, line by line: any kernel, strides, padding and pooling', async () => {
    const shapes = fc.record({
      c: between(1, 4),
      rows: between(1, 2),
      columns: between(2, 3),
      kernel: fc.tuple(between(1, 3), between(1, 5)),
      strides: fc.constantFrom<[number, number]>([1, 1], [1, 2], [2, 1], [2, 3]),
      left: between(0, 2),
      pool: fc.constantFrom('max', 'average', 'none'),
    });
    await fc.assert(
      fc.asyncProperty(shapes, async ({ c, rows, columns, kernel, strides, left, pool }) => {
        // An image for which the result has 4·rows × 4·columns pixels: enough to be pooled twice.
        const height = (4 * rows - 1) * strides[0] + kernel[0] - 1;
        const width = (4 * columns - 1) * strides[1] + kernel[1] - left;
        const padding = { top: 1, left, bottom: 0, right: 0 };
        const conv = (x: Value, w: Value, b: Value) => {
          const y = g.conv2d(x, w, b, { strides, padding });
          if (pool === 'none') return y;
          const once = pool === 'max' ? g.maxPool2d(y, { kernel: 2 }) : g.averagePool2d(y, { kernel: 2 });
          return g.maxPool2d(once, { kernel: 2 });
        };
        await expectLoweredEqually([[2, c, height, width], [3, c, ...kernel], [3]], conv, gaussian);
      }),
      { ...RUNS, numRuns: 40 },
    );
  });

  it("by Winograd's tiles of 2×2 and of 4×4", async () => {
    const shapes = fc.record({
      n: between(1, 3),
      c: between(36, 40),
      o: between(36, 40),
      rows: between(1, 4),
      columns: between(1, 4),
      pooled: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(shapes, async ({ n, c, o, rows, columns, pooled }) => {
        const [image, weight] = [
          [n, c, 2 * rows, 2 * columns],
          [o, c, 3, 3],
        ];
        const conv = (x: Value, w: Value, b: Value) => {
          const y = g.conv2d(x, w, b, { padding: 1 });
          const tile = rows % 2 === 0 && columns % 2 === 0 ? 4 : 2;
          expect(y.op === 'conv2d' && convolutionAlgorithm(y.attributes, image, weight)).toBe(
            `winograd${tile}`,
          );
          return pooled ? g.averagePool2d(y, { kernel: 2 }) : y;
        };
        await expectLoweredEqually([image, weight, [o]], conv, gaussian);
      }),
      RUNS,
    );
  });

  it('in groups', async () => {
    const shapes = fc.record({
      groups: between(2, 3),
      perGroup: between(1, 2),
      outPerGroup: between(1, 3),
      height: between(4, 7),
      width: between(4, 7),
      kernel: fc.tuple(between(1, 3), between(1, 3)),
      strides: fc.tuple(between(1, 3), between(1, 3)),
      padding: anyPadding(1),
    });
    await fc.assert(
      fc.asyncProperty(
        shapes,
        async ({ groups, perGroup, outPerGroup, height, width, kernel, strides, padding }) => {
          const o = groups * outPerGroup;
          const conv = (x: Value, w: Value, b: Value) => g.conv2d(x, w, b, { strides, padding, groups });
          const image = [2, groups * perGroup, height, width];
          await expectLoweredEqually([image, [o, perGroup, ...kernel], [o]], conv, gaussian);
        },
      ),
      RUNS,
    );
  });

  it('dilated, and transposed: any kernel, strides, padding and groups', async () => {
    const shapes = fc.record({
      groups: between(1, 2),
      perGroup: between(1, 3),
      outPerGroup: between(1, 3),
      height: between(7, 9),
      width: between(7, 9),
      kernel: fc.tuple(between(1, 3), between(1, 4)),
      strides: fc.tuple(between(1, 3), between(1, 2)),
      dilations: fc.tuple(between(1, 3), between(1, 2)),
      padding: anyPadding(2),
      transposed: fc.boolean(),
      outputPadding: fc.tuple(between(0, 2), between(0, 1)),
    });
    await fc.assert(
      fc.asyncProperty(shapes, async (drawn) => {
        const { groups, perGroup, outPerGroup, height, width, kernel, strides, transposed } = drawn;
        const [c, o] = [groups * perGroup, groups * outPerGroup];
        const outputPadding = drawn.outputPadding.map((rest, axis) => Math.min(rest, strides[axis]! - 1));
        const options = { ...drawn, outputPadding: outputPadding as [number, number] };
        const conv = (x: Value, w: Value, b: Value) =>
          transposed ? g.convTranspose2d(x, w, b, options) : g.conv2d(x, w, b, options);
        const weight = transposed ? [c, outPerGroup, ...kernel] : [o, perGroup, ...kernel];
        await expectLoweredEqually([[2, c, height, width], weight, [o]], conv, gaussian);
      }),
      { ...RUNS, numRuns: 40 },
    );
  });

  it('after each other, with pooling between, whatever order their rows are in', async () => {
    const kernels = fc.constantFrom(1, 2, 3, 5);
    const pools = fc.constantFrom('max', 'average', 'overlapping', 'none');
    const shapes = fc.record({
      first: kernels,
      pool: pools,
      second: kernels,
      lastPool: pools,
      channels: between(40, 41),
    });
    await fc.assert(
      fc.asyncProperty(shapes, async ({ first, pool, second, lastPool, channels }) => {
        const pooled = (x: Value, kind: string) => {
          if (kind === 'max') return g.maxPool2d(x, { kernel: 2 });
          if (kind === 'average') return g.averagePool2d(x, { kernel: [1, 2] });
          return kind === 'overlapping' ? g.maxPool2d(x, { kernel: 3, strides: 2, padding: 1 }) : x;
        };
        const same = (x: Value, w: Value, kernel: number) => {
          const [before, after] = [Math.floor((kernel - 1) / 2), Math.ceil((kernel - 1) / 2)];
          return g.conv2d(x, w, undefined, {
            padding: { top: before, left: before, bottom: after, right: after },
          });
        };
        // Sums of a few hundred products are scaled to where tanh is curved.
        const network = (x: Value, w1: Value, w2: Value) =>
          pooled(same(g.tanh(pooled(same(x, g.mul(w1, 0.06), first), pool)), w2, second), lastPool);
        const [w1, w2] = [
          [channels, 36, first, first],
          [36, channels, second, second],
        ];
        await expectLoweredEqually([[1, 36, 8, 8], w1, w2], network, gaussian);
      }),
      RUNS,
    );
  });
});

describe('pooling equals the evaluator, forward and backward,', () => {
  const windows = fc
    .record({
      kernel: fc.tuple(between(1, 4), between(1, 4)),
      strides: fc.tuple(between(1, 4), between(1, 4)),
    })
    .chain((window) =>
      fc.record({
        kernel: fc.constant(window.kernel),
        strides: fc.constantFrom(window.strides, window.kernel),
        padding: anyPadding(Math.min(...window.kernel) - 1),
        height: between(4, 8),
        width: between(4, 8),
      }),
    );

  it.each([
    ['the largest, ties included', g.maxPool2d, tied],
    ['the average', g.averagePool2d, gaussian],
  ] as const)('%s', async (_, pool, draw) => {
    await fc.assert(
      fc.asyncProperty(windows, async ({ height, width, ...options }) => {
        await expectLoweredEqually([[2, 3, height, width]], (x) => pool(x, options), draw);
      }),
      { ...RUNS, numRuns: 25 },
    );
  });

  it('over windows that tile the image', async () => {
    const tiles = fc.tuple(between(1, 3), between(1, 3), between(1, 3), between(1, 3));
    await fc.assert(
      fc.asyncProperty(tiles, fc.boolean(), async ([kh, kw, rows, columns], largest) => {
        const pool = largest ? g.maxPool2d : g.averagePool2d;
        const image = [2, 3, kh * rows, kw * columns];
        await expectLoweredEqually([image], (x) => pool(x, { kernel: [kh, kw] }), largest ? tied : gaussian);
      }),
      RUNS,
    );
  });
});
