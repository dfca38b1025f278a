import { expect, it } from 'vitest';
import { mean } from './mean.js';

const columns = [Float64Array.of(1, -0, 1), Float64Array.of(5, -0, 2 ** 60)];

it('the mean weighs by examples, or equally', () => {
  const out = new Float64Array(3);
  mean().combine(out, columns, [3, 1]);
  expect([...out]).toEqual([2, -0, 2 ** 58]);
  mean({ by: 'equal' }).combine(out, columns, [3, 1]);
  expect([...out]).toEqual([3, -0, 2 ** 59]);
});

it('the mean of many accumulates in float64 and rounds once', () => {
  const many = [1e8, 1, 1, 1, 1].map((value) => Float32Array.of(value));
  const out = new Float32Array(1);
  mean().combine(out, many, [1, 1, 1, 1, 1]);
  expect(out[0]).toBe(Math.fround(1e8 / 5 + 4 / 5));
});

it('the mean rounds ties to even, also where the shares are no exact numbers', () => {
  const ulp = 2 ** -23;
  const out = new Float32Array(2);
  // Weighted 3 : 2 : 1, they lie halfway above 1 and above 1 + ulp, whose last bit is odd.
  const columns = [
    Float32Array.of(1, 1 + ulp),
    Float32Array.of(1, 1 + ulp),
    Float32Array.of(1 + 3 * ulp, 1 + 4 * ulp),
  ];
  mean().combine(out, columns, [3, 2, 1]);
  expect([...out]).toEqual([1, 1 + 2 * ulp]);
});

it('the mean of one is itself', () => {
  const out = new Float32Array(1);
  mean().combine(out, [Float32Array.of(-0)], [7]);
  expect(out[0]).toBe(-0);
});

it('the mean needs only sums', () => {
  expect(mean().needs).toBe('sum');
});
