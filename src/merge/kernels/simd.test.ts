import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { absmax } from '../strategies/absmax.js';
import { max } from '../strategies/max.js';
import { mean } from '../strategies/mean.js';
import type { PairTable, ValueColumn } from '../strategy.js';
import { firstNotFinite } from './block.js';
import { distanceSurvey } from './distances.js';
import { gramSurvey } from './gram.js';
import {
  extremeBySimd,
  finiteBySimd,
  productSumsBySimd,
  simdBuffers,
  squareSumsBySimd,
  weightedSumBySimd,
} from './simd.js';

const columnsIn = (buffers: readonly Uint8Array<ArrayBuffer>[], n: number) =>
  buffers.map((buffer) => new Float32Array(buffer.buffer, buffer.byteOffset, n));

/**
 * Values of all kinds: ordinary ones, ties of both signs, zeros of both signs, the largest and the
 * smallest.
 */
function draw(label: string, n: number): Float32Array {
  const stream = randomStream('simd', label);
  const special = [0, -0, 1, -1, 0.5, -0.5, 3.4e38, -3.4e38, 1e-45, -1e-45];
  return Float32Array.from({ length: n }, () =>
    stream.uniform() < 0.5 ? stream.normal() : special[stream.integer(special.length)]!,
  );
}

const bits = (values: Float32Array) => new Uint32Array(values.slice().buffer);

describe.each([mean(), mean({ by: 'equal' }), max(), absmax()])(
  '$name of columns in the shared memory',
  (strategy) => {
    it.each([
      [1, 8],
      [2, 4096],
      [3, 1003],
      [10, 37],
      [5, 3],
    ])('of %i columns of %i values is that of JavaScript to the bit', (count, n) => {
      const values = Array.from({ length: count }, (_, k) =>
        draw(`${count} ${n} ${k}`, n).map((x) => x / 16),
      );
      const examples = values.map((_, k) => 3 * k + 5);
      const expected = new Float32Array(n);
      strategy.combine(expected, values, examples);
      const all = columnsIn(simdBuffers([...values, expected].map(() => 4 * n)), n);
      values.forEach((column, k) => {
        all[k]!.set(column);
      });
      const out = all.pop()!.fill(7);
      strategy.combine(out, all, examples);
      expect(bits(out)).toEqual(bits(expected));
    });
  },
);

describe.each([1003, 4096, 2])('of columns of %i values there', (n) => {
  const tableOf = (needs: 'gram' | 'distances', columns: readonly ValueColumn[]) => {
    let table: PairTable = [];
    const combination = { combine() {} };
    const survey =
      needs === 'gram'
        ? gramSurvey(columns.length, ({ all }) => {
            table = all;
            return combination;
          })
        : distanceSurvey(columns.length, (squares) => {
            table = squares;
            return combination;
          });
    survey.see(columns, { tensor: 'w', at: 0, auxiliaries: {} });
    survey.finish();
    return table;
  };
  const values = ['a', 'b', 'c'].map((label) => draw(`${label} ${n}`, n));

  it.each(['gram', 'distances'] as const)('the %s are those of JavaScript to the bit', (needs) => {
    const columns = columnsIn(simdBuffers(values.map(() => 4 * n)), n);
    values.forEach((column, k) => {
      columns[k]!.set(column);
    });
    expect(tableOf(needs, columns)).toEqual(tableOf(needs, values));
  });

  it('the gram of float64 values is that of JavaScript to the bit', () => {
    const wide = values.map((column) => Float64Array.from(column, (value) => value / 3));
    const columns = simdBuffers(wide.map(() => 8 * n)).map(({ buffer, byteOffset }, k) => {
      const column = new Float64Array(buffer, byteOffset, n);
      column.set(wide[k]!);
      return column;
    });
    expect(tableOf('gram', columns)).toEqual(tableOf('gram', wide));
  });
});

it('the inner loops are used where all lies in one such memory, up to the last multiple of four', () => {
  const [a, b, out] = columnsIn(simdBuffers([40, 40, 40]), 10) as [Float32Array, Float32Array, Float32Array];
  expect(extremeBySimd('max', out, [a, b])).toBe(8);
  expect(weightedSumBySimd(out, [a, b], [1, 1], 2)).toBe(8);
  expect(finiteBySimd(a)).toBe(8);
  expect([...productSumsBySimd(a.fill(1), b.fill(2))!]).toEqual([4, 4, 4, 4]);
  expect([...squareSumsBySimd(a.fill(1), b.fill(4))!]).toEqual([18, 18, 18, 18]);
  expect(productSumsBySimd(a, new Float32Array(10))).toBeUndefined();
  expect(squareSumsBySimd(a, new Float64Array(10))).toBeUndefined();
  expect(extremeBySimd('max', out, [a, new Float32Array(10)])).toBe(0);
  expect(extremeBySimd('max', new Float32Array(10), [a, b])).toBe(0);
  expect(finiteBySimd(new Float32Array(8))).toBe(0);
});

it.each([Number.NaN, Infinity, -Infinity])('finds %d wherever it is', (bad) => {
  const [values] = columnsIn(simdBuffers([4 * 33]), 33) as [Float32Array];
  for (const place of [0, 1, 14, 31, 32]) {
    values.set(draw('finite', 33));
    expect(firstNotFinite(values)).toBe(-1);
    values[place] = bad;
    expect(firstNotFinite(values)).toBe(place);
  }
});
