import { describe, expect, it } from 'vitest';
import * as g from '../graph/build.js';
import { evaluate } from '../graph/evaluate.js';
import { GraphError, type Value } from '../graph/value.js';
import { gradients } from './gradients.js';

const x = g.input('x', [2, 3]);
const data = { x: [1, 2, 3, 4, 5, 6], row: [1, 10, 100], column: [2, 3], s: [7] };

function slopes(loss: Value, xs: readonly Value[]): number[][] {
  const outputs = Object.fromEntries(gradients(loss, xs).map((slope, index) => [String(index), slope]));
  for (const [index, value] of xs.entries()) expect(outputs[index]!.shape).toEqual(value.shape);
  const results = evaluate({ outputs }, data);
  return xs.map((_, index) => Array.from(results[index]!));
}

describe('gradients', () => {
  it('adds up what reaches a value by several ways', () => {
    // x·x + 3x, x read three times
    expect(slopes(g.reduceSum(g.add(g.mul(x, x), g.mul(x, 3))), [x])).toEqual([[5, 7, 9, 11, 13, 15]]);
  });

  it('adds up over a value that is shared further up', () => {
    const shared = g.mul(x, 2);
    const loss = g.reduceSum(g.mul(shared, g.add(shared, 1)));
    // (4x² + 2x)' = 8x + 2
    expect(slopes(loss, [x])).toEqual([[10, 18, 26, 34, 42, 50]]);
  });

  it('sums over the axes along which an operand was broadcast', () => {
    const [row, column, s] = [g.input('row', [3]), g.input('column', [2, 1]), g.input('s', [])];
    const loss = g.reduceSum(g.mul(g.mul(g.mul(x, row), column), s));
    const [dRow, dColumn, dS] = slopes(loss, [row, column, s]);
    expect(dRow).toEqual([7 * (2 * 1 + 3 * 4), 7 * (2 * 2 + 3 * 5), 7 * (2 * 3 + 3 * 6)]);
    expect(dColumn).toEqual([7 * 321, 7 * 654]);
    expect(dS).toEqual([2 * 321 + 3 * 654]);
  });

  it('is that of the loss for a value on the way, and 1 for the loss itself', () => {
    const squares = g.mul(x, x);
    const loss = g.reduceSum(g.mul(squares, squares));
    expect(slopes(loss, [squares, loss])).toEqual([[2, 8, 18, 32, 50, 72], [1]]);
  });

  it('gives gradients in the order in which they are asked for', () => {
    const row = g.input('row', [3]);
    const loss = g.reduceSum(g.add(g.mul(x, 2), row));
    expect(slopes(loss, [row, x])).toEqual([
      [2, 2, 2],
      [2, 2, 2, 2, 2, 2],
    ]);
  });

  it('does not flow through comparisons and integers', () => {
    const masked = g.mul(x, g.greater(x, 3));
    expect(slopes(g.reduceSum(masked), [x])).toEqual([[0, 0, 0, 1, 1, 1]]);
  });

  it('has derivative 0 at the kink of relu', () => {
    const shifted = g.sub(x, 3);
    expect(slopes(g.reduceSum(g.relu(shifted)), [x])).toEqual([[0, 0, 0, 1, 1, 1]]);
  });

  it('refuses a loss that is not a scalar', () => {
    expect(() => gradients(x, [x])).toThrow(GraphError);
    expect(() => gradients(x, [x])).toThrow('gradients: the loss must be a scalar, got input f32[2,3]');
  });

  it('refuses a value that the loss does not depend on', () => {
    const other = g.input('other', [4]);
    expect(() => gradients(g.reduceSum(x), [x, other])).toThrow(
      'gradients: the loss does not depend on input f32[4]',
    );
    const cut = g.reduceSum(g.greater(x, 0));
    expect(() => gradients(cut, [x])).toThrow('gradients: the loss does not depend on input f32[2,3]');
  });

  it('refuses second derivatives with respect to the weights of convolutions', () => {
    const image = g.input('image', [1, 1, 3, 3]);
    const w = g.input('w', [1, 1, 2, 2]);
    const [dw] = gradients(g.reduceSum(g.exp(g.conv2d(image, w))), [w]);
    expect(() => gradients(g.reduceSum(dw!), [image])).toThrow(
      'internal: conv2dWeightGradient is a gradient already',
    );
  });
});
