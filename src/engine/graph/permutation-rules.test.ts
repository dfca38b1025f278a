import { describe, expect, it } from 'vitest';
import { type RandomStream, randomStream } from '../../base/random.js';
import { type Shape, sizeOf, stridesOf } from '../../tensor/shape.js';
import * as g from './build.js';
import { evaluate } from './evaluate.js';
import { permutableAxes } from './permutation-rules.js';
import { type Axis, fixedAxis, resolve, type Units } from './tied-axes.js';
import { graphInputs, type Value } from './value.js';

const w = (name: string, shape: Shape) => g.input(name, shape);
const image = g.input('images', [2, 3, 4, 4]);
const vector = g.input('images', [2, 6]);

/** "size" of free units, "size/groups" where they keep channel groups. */
type Case = [what: string, output: (parameters: Value[]) => Value, parameters: Value[], free: string[]];
const cases: Case[] = [
  [
    'a dense layer, either way its weights lie',
    ([a, b, c]) => g.matmul(g.relu(g.add(g.matmul(vector, a!), b!)), c!, { transposeB: true }),
    [w('a', [6, 5]), w('b', [5]), w('c', [3, 5])],
    ['5'],
  ],
  [
    'a transposed activation',
    ([a, b]) => g.matmul(g.transpose(g.matmul(vector, a!), [1, 0]), b!, { transposeA: true }),
    [w('a', [6, 5]), w('b', [5, 3])],
    ['5'],
  ],
  [
    'convolutions with a bias, pooling, and the columns of a dense layer behind them',
    ([a, b, c]) =>
      g.matmul(g.flatten(g.maxPool2d(g.tanh(g.conv2d(image, a!, b!, { padding: 1 })), { kernel: 2 })), c!),
    [w('a', [5, 3, 3, 3]), w('b', [5]), w('c', [20, 2])],
    ['5'],
  ],
  [
    'average pooling, and a dense layer whose columns are seen as an image again',
    ([a, b]) =>
      g.conv2d(g.reshape(g.flatten(g.averagePool2d(g.conv2d(image, a!), { kernel: 2 })), [2, 5, 1, 1]), b!),
    [w('a', [5, 3, 3, 3]), w('b', [2, 5, 1, 1])],
    ['5'],
  ],
  [
    'a residual sum, whose weights have the same units along both axes',
    ([a, b, c]) => {
      const x = g.matmul(vector, a!);
      return g.matmul(g.add(x, g.relu(g.matmul(x, b!))), c!);
    },
    [w('a', [6, 5]), w('b', [5, 5]), w('c', [5, 2])],
    ['5'],
  ],
  [
    'a residual sum with the input, whose units stay',
    ([a, b]) => g.matmul(g.add(vector, g.matmul(vector, a!)), b!),
    [w('a', [6, 6]), w('b', [6, 2])],
    [],
  ],
  [
    'convolutions and transposed ones after each other',
    ([a, b, c]) => g.conv2d(g.convTranspose2d(g.conv2d(image, a!), b!, undefined, { strides: 2 }), c!),
    [w('a', [5, 3, 1, 1]), w('b', [5, 4, 2, 2]), w('c', [2, 4, 1, 1])],
    ['5', '4'],
  ],
  [
    'convolutions in groups, which are left alone',
    ([a, b, c]) => g.conv2d(g.conv2d(g.conv2d(image, a!), b!, undefined, { groups: 2 }), c!),
    [w('a', [4, 3, 1, 1]), w('b', [4, 2, 1, 1]), w('c', [2, 4, 1, 1])],
    [],
  ],
  [
    'group norm, which keeps its groups',
    ([a, scale, shift, b]) => g.conv2d(g.groupNorm(g.conv2d(image, a!), 3, scale!, shift!), b!),
    [w('a', [6, 3, 1, 1]), w('scale', [6]), w('shift', [6]), w('b', [2, 6, 1, 1])],
    ['6/3'],
  ],
  [
    'group norm of one group, or of one for each channel, which keeps nothing',
    ([a, scale, shift, b]) =>
      g.conv2d(g.groupNorm(g.groupNorm(g.conv2d(image, a!), 1, scale!, shift!), 6, scale!, shift!), b!),
    [w('a', [6, 3, 1, 1]), w('scale', [6]), w('shift', [6]), w('b', [2, 6, 1, 1])],
    ['6'],
  ],
  [
    'group norms of different groups, which are left alone',
    ([a, scale, shift, b]) =>
      g.conv2d(g.groupNorm(g.groupNorm(g.conv2d(image, a!), 2, scale!, shift!), 3, scale!, shift!), b!),
    [w('a', [6, 3, 1, 1]), w('scale', [6]), w('shift', [6]), w('b', [2, 6, 1, 1])],
    [],
  ],
  [
    'group norm of columns that lie in blocks',
    ([a, scale, shift, b]) => {
      const flat = g.flatten(g.conv2d(image, a!));
      const norm = g.groupNorm(g.reshape(flat, [2, 64, 1, 1]), 2, scale!, shift!);
      return g.matmul(g.flatten(norm), b!);
    },
    [w('a', [4, 3, 1, 1]), w('scale', [64]), w('shift', [64]), w('b', [64, 2])],
    ['4/2'],
  ],
  [
    'layer norm and softmax',
    ([a, scale, shift, b]) => g.matmul(g.softmax(g.layerNorm(g.matmul(vector, a!), scale!, shift!)), b!),
    [w('a', [6, 5]), w('scale', [5]), w('shift', [5]), w('b', [5, 2])],
    ['5'],
  ],
  [
    'heads of attention: an axis that is split moves as blocks',
    ([q, k, v, o]) => {
      const heads = (x: Value) => g.transpose(g.reshape(g.matmul(vector, x), [2, 3, 4]), [1, 0, 2]);
      const scores = g.softmax(g.matmul(heads(q!), heads(k!), { transposeB: true }));
      const mixed = g.reshape(g.transpose(g.matmul(scores, heads(v!)), [1, 0, 2]), [2, 12]);
      return g.matmul(mixed, o!);
    },
    [w('q', [6, 12]), w('k', [6, 12]), w('v', [6, 12]), w('o', [12, 2])],
    ['3'],
  ],
  [
    'axes that are joined, cut or padded, beside one that is whole',
    ([a, b]) => {
      const x = g.conv2d(image, a!);
      const joined = g.concat([x, g.slice(x, [0, 0, 0, 0], [2, 5, 2, 4])], 2);
      return g.conv2d(g.pad(joined, [0, 0, 1, 0], [0, 0, 0, 0]), b!);
    },
    [w('a', [5, 3, 1, 1]), w('b', [2, 5, 1, 1])],
    ['5'],
  ],
  [
    'channels that are cut, which are left alone',
    ([a, b]) => g.conv2d(g.slice(g.conv2d(image, a!), [0, 0, 0, 0], [2, 3, 4, 4]), b!),
    [w('a', [5, 3, 1, 1]), w('b', [2, 3, 1, 1])],
    [],
  ],
  [
    'a gate that is repeated, and a maximum over units',
    ([a, b, c]) => {
      const x = g.matmul(vector, a!);
      const gate = g.expand(g.reduceMax(x, [1], true), [2, 5]);
      return g.add(g.matmul(g.mul(gate, g.sigmoid(g.add(x, b!))), c!), g.reduceSum(x, [1], true));
    },
    [w('a', [6, 5]), w('b', [5]), w('c', [5, 2])],
    ['5'],
  ],
  [
    'a table that is looked up: its columns move, its rows do not',
    ([table, b]) => g.matmul(g.gather(table!, g.argMax(vector, 1)), b!),
    [w('table', [6, 5]), w('b', [5, 2])],
    ['5'],
  ],
  [
    'the position of a maximum, whose axis is left alone',
    ([a, table]) => g.gather(table!, g.argMax(g.matmul(vector, a!), 1)),
    [w('a', [6, 5]), w('table', [5, 2])],
    [],
  ],
  [
    'blocks that do not fit into each other, which are left alone',
    ([a, b, c]) => {
      const x = g.reshape(g.conv2d(g.slice(image, [0, 0, 0, 0], [2, 3, 1, 2]), a!), [2, 6]);
      const y = g.reshape(g.conv2d(g.slice(image, [0, 0, 0, 0], [2, 3, 1, 3]), b!), [2, 6]);
      return g.matmul(g.add(x, y), c!);
    },
    [w('a', [3, 3, 1, 1]), w('b', [2, 3, 1, 1]), w('c', [6, 2])],
    [],
  ],
];

describe('hidden units put in another order leave the output as it is:', () => {
  it.each(cases)('%s', (_, build, parameters, free) => {
    const output = build(parameters);
    const axes = permutableAxes(output, parameters);
    const orders = new Map<Units, Uint32Array>();
    const random = randomStream(1, 'orders');
    for (const axis of parameters.flatMap((parameter) => axes.get(parameter)!)) {
      const { units } = resolve(axis);
      if (!units.fixed && units.size > 1 && !orders.has(units)) orders.set(units, orderOf(units, random));
    }
    const described = [...orders.keys()].map(({ size, channelGroups }) =>
      channelGroups === undefined ? `${size}` : `${size}/${channelGroups}`,
    );
    expect(described).toEqual(free);

    const inputs = [...graphInputs({ outputs: { output } }).values()];
    const own = Object.fromEntries(
      inputs.map(({ attributes: { name, shape } }) => [
        name,
        Float64Array.from({ length: sizeOf(shape) }, random.normal),
      ]),
    );
    const moved = Object.fromEntries(
      inputs.map((value) => {
        const { name, shape } = value.attributes;
        return [name, reordered(own[name]!, shape, axes.get(value) ?? [], orders)];
      }),
    );
    const before = evaluate({ outputs: { output } }, own).output!;
    const after = evaluate({ outputs: { output } }, moved).output!;
    before.forEach((value, index) => {
      expect(after[index]).toBeCloseTo(value, 10);
    });
    // The weights must have moved, or the test shows nothing.
    expect(JSON.stringify(moved) === JSON.stringify(own)).toBe(free.length === 0);
  });
});

/** A random order that exchanges whole groups, and units within groups. */
function orderOf({ size, channelGroups = 1 }: Units, random: RandomStream): Uint32Array {
  const length = size / channelGroups;
  const groups = [...random.permutation(channelGroups)];
  return Uint32Array.from(
    groups.flatMap((group) => [...random.permutation(length)].map((i) => group * length + i)),
  );
}

function reordered(
  values: Float64Array,
  shape: Shape,
  axes: readonly Axis[],
  orders: ReadonlyMap<Units, Uint32Array>,
): Float64Array {
  const strides = stridesOf(shape);
  return values.map((_, place) => {
    const from = shape.map((extent, index) => {
      const at = Math.floor(place / strides[index]!) % extent;
      const { units, block } = resolve(axes[index] ?? fixedAxis(extent));
      return (orders.get(units)?.[Math.floor(at / block)] ?? Math.floor(at / block)) * block + (at % block);
    });
    return values[from.reduce((sum, at, index) => sum + at * strides[index]!, 0)]!;
  });
}
