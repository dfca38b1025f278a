import { describe, expect, it } from 'vitest';
import * as g from '../graph/build.js';
import { evaluate } from '../graph/evaluate.js';
import { topologicalOrder, type Value } from '../graph/value.js';
import { gradients } from './gradients.js';

const opsOf = (value: Value) => topologicalOrder([value]).map(({ op }) => op);
const numbers = (length: number) => Array.from({ length }, (_, i) => Math.sin(i + 1));

describe('the gradient of a value that is cut into slices', () => {
  const x = g.input('x', [6, 2]);
  const part = (start: number, end: number) => g.slice(x, [start, 0], [end, 2]);
  /** Σ k·part³ for each part, whose gradient is 3·k·x² there. */
  const slope = (...parts: Value[]) => {
    const terms = parts.map((y, k) => g.reduceSum(g.mul(g.mul(g.mul(y, y), y), k + 1)));
    return gradients(
      terms.reduce((sum, term) => g.add(sum, term)),
      [x],
    )[0] as Value;
  };
  const valuesOf = (dx: Value) => [...evaluate({ outputs: { dx } }, { x: numbers(12) }).dx!];
  /** 3·k·x² for each row's k. */
  const expected = (...factors: number[]) => numbers(12).map((v, i) => 3 * factors[i >> 1]! * v * v);
  const expectClose = (dx: Value, ...factors: number[]) => {
    for (const [i, value] of expected(...factors).entries()) expect(valuesOf(dx)[i]).toBeCloseTo(value, 10);
  };

  it('is a concatenation, whatever the order of the slices', () => {
    const dx = slope(part(4, 6), part(0, 1), part(1, 4));
    expectClose(dx, 2, 3, 3, 3, 1, 1);
    expect(opsOf(dx)).not.toContain('pad');
    expect(opsOf(dx).filter((op) => op === 'concat')).toHaveLength(1);
  });

  it('is padded once where the slices do not reach the edges', () => {
    const dx = slope(part(1, 2), part(2, 5));
    expectClose(dx, 0, 1, 2, 2, 2, 0);
    expect(opsOf(dx).filter((op) => op === 'pad')).toHaveLength(1);
  });

  it('adds slices that overlap, gaps, and what uses the whole', () => {
    expectClose(slope(part(0, 3), part(2, 4), part(5, 6)), 1, 1, 3, 2, 0, 3);
    expectClose(slope(part(0, 3), x, part(3, 6), x), 7, 7, 7, 9, 9, 9);
  });

  it('adds the same slice twice', () => {
    const y = part(0, 3);
    const both = g.add(y, y);
    const dx = gradients(g.reduceSum(g.mul(both, both)), [x])[0] as Value;
    expect(valuesOf(dx)).toEqual(numbers(12).map((v, i) => (i < 6 ? 8 * v : 0)));
  });

  it('keeps slices of different axes apart', () => {
    const columns = g.slice(x, [0, 0], [6, 1]);
    expectClose(slope(part(0, 3), part(3, 6)), 1, 1, 1, 2, 2, 2);
    const dx = valuesOf(slope(part(0, 3), columns, part(3, 6)));
    for (const [i, v] of numbers(12).entries()) {
      const factor = (i < 6 ? 1 : 3) + (i % 2 === 0 ? 2 : 0);
      expect(dx[i]).toBeCloseTo(3 * factor * v * v, 10);
    }
  });
});

describe('the gradient of a weight that is used several times', () => {
  const products = (rows: number, uses: number) => {
    const w = g.input('w', [4, 4]);
    let x: Value = g.input('x', [rows, 4]);
    for (let use = 0; use < uses; use++) x = g.tanh(g.matmul(x, w));
    const dw = gradients(g.reduceSum(g.mul(x, x)), [w])[0] as Value;
    return { w, x, dw };
  };

  it('is one product, equal to central differences', () => {
    const { x, dw } = products(3, 5);
    expect(opsOf(dw).filter((op) => op === 'concat')).toHaveLength(2);
    const data = { w: numbers(16), x: numbers(12) };
    const slopes = evaluate({ outputs: { dw } }, data).dw!;
    const loss = (w: readonly number[]) =>
      evaluate({ outputs: { loss: g.reduceSum(g.mul(x, x)) } }, { ...data, w }).loss![0]!;
    for (let i = 0; i < 16; i++) {
      const moved = (by: number) => data.w.map((value, at) => (at === i ? value + by : value));
      expect(slopes[i]).toBeCloseTo((loss(moved(1e-5)) - loss(moved(-1e-5))) / 2e-5, 6);
    }
  });

  it('stays a sum where the operands are larger than the sums', () => {
    expect(opsOf(products(20_000, 2).dw)).not.toContain('concat');
  });
});
