import { describe, expect, it } from 'vitest';
import * as g from './build.js';
import { erf } from './erf.js';
import { evaluate } from './evaluate.js';
import { lowbias32, randomKey, uniformAt } from './random-bits.js';

const x = g.input('x', [1, 1, 3, 3]);
const counting = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const run = (y: ReturnType<typeof g.neg>, inputs: Record<string, ArrayLike<number>>) =>
  Array.from(evaluate({ outputs: { y } }, inputs).y!);

describe('the reference evaluator', () => {
  it('convolves as by hand, without turning the kernel', () => {
    const w = g.constant([1, 10, 100, 1000], [1, 1, 2, 2]);
    expect(run(g.conv2d(x, w), { x: counting })).toEqual([5421, 6532, 8754, 9865]);
    expect(run(g.conv2d(x, w, g.constant([0.5])), { x: counting })).toEqual([5421.5, 6532.5, 8754.5, 9865.5]);
  });

  it('reads zeros in the padding, and skips by the strides', () => {
    const w = g.constant([1, 10, 100, 1000], [1, 1, 2, 2]);
    const y = g.conv2d(x, w, undefined, { strides: 2, padding: { top: 1, left: 1, bottom: 0, right: 0 } });
    expect(run(y, { x: counting })).toEqual([1000, 3200, 7040, 9865]);
  });

  it('keeps the channels of groups apart', () => {
    const pair = g.input('x', [1, 2, 1, 2]);
    const w = g.constant([2, 3], [2, 1, 1, 1]);
    expect(run(g.conv2d(pair, w, undefined, { groups: 2 }), { x: [1, 2, 3, 4] })).toEqual([2, 4, 9, 12]);
  });

  it('pools without the padding', () => {
    const options = { kernel: 2, strides: 2, padding: { top: 1, left: 1, bottom: 0, right: 0 } };
    expect(run(g.maxPool2d(x, options), { x: counting.map((v) => -v) })).toEqual([-1, -2, -4, -5]);
    expect(run(g.averagePool2d(x, options), { x: counting })).toEqual([1, 2.5, 5.5, 7]);
  });

  it('broadcasts as NumPy does', () => {
    const [column, row] = [g.input('column', [2, 1]), g.input('row', [3])];
    const inputs = { column: [10, 20], row: [1, 2, 3] };
    expect(run(g.sub(column, row), inputs)).toEqual([9, 8, 7, 19, 18, 17]);
  });

  it('takes the first of equal maxima, and gives labels outside the classes no row', () => {
    const scores = g.input('scores', [2, 3]);
    expect(run(g.argMax(scores, 1), { scores: [1, 7, 7, 5, 5, 5] })).toEqual([1, 0]);
    const labels = g.input('labels', [3], 'i32');
    expect(run(g.oneHot(labels, 2), { labels: [1, -1, 2] })).toEqual([0, 1, 0, 0, 0, 0]);
  });

  it('keeps the softmax of large numbers finite', () => {
    const z = g.input('z', [1, 2]);
    expect(run(g.softmax(z), { z: [1000, 1000] })).toEqual([0.5, 0.5]);
    expect(run(g.logSoftmax(z), { z: [0, 1000] })).toEqual([-1000, 0]);
  });

  it('refuses an input of another size', () => {
    expect(() => run(g.neg(x), { x: [1] })).toThrow(
      'the input "x" has 1 numbers, expected 9, of the shape [1,1,3,3]',
    );
    expect(() => run(g.neg(x), {})).toThrow('the input "x" has no numbers, expected 9');
  });
});

it.each([
  [0, 0],
  [0.1, 0.1124629160182849],
  [0.5, 0.5204998778130465],
  [1, 0.8427007929497149],
  [2, 0.9953222650189527],
  [2.5, 0.999593047982555],
  [3, 0.9999779095030014],
  [4, 0.9999999845827421],
  [-1, -0.8427007929497149],
  [-30, -1],
])('erf(%d) has the known digits', (at, expected) => {
  expect(erf(at)).toBeCloseTo(expected, 13);
});

describe('the random numbers of graphs', () => {
  it('are those that were recorded', () => {
    expect([0, 1, 2, 0xdeadbeef].map(lowbias32)).toEqual([0, 0x688990c0, 0xd1132181, 0xe628c683]);
    expect(randomKey([7, 3, 1])).toBe(0x29273613);
    expect(randomKey([-1, 2 ** 31 - 1, 0])).toBe(0xfe272d7d);
    const key = randomKey([7, 3, 1]);
    expect([0, 1, 2, 3].map((position) => uniformAt(key, position))).toEqual([
      0.4493364691734314, 0.2519294023513794, 0.5353626012802124, 0.4102057218551636,
    ]);
  });

  it('are uniform: each tenth of [0, 1) is met as often', () => {
    const tenths = new Array<number>(10).fill(0);
    const key = randomKey([1, 2, 3]);
    for (let position = 0; position < 100_000; position++)
      tenths[Math.floor(uniformAt(key, position) * 10)]!++;
    // The bound is five standard deviations of a count of 10,000.
    for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(475);
  });

  it('differ for another seed, step or stream', () => {
    const first = (seed: number, step: number, stream: number) =>
      uniformAt(randomKey([seed, step, stream]), 0);
    const all = [first(1, 1, 1), first(2, 1, 1), first(1, 2, 1), first(1, 1, 2), first(2, 2, 1)];
    expect(new Set(all).size).toBe(all.length);
  });
});
