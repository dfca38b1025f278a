import { expect, it } from 'vitest';
import { dare } from './dare.js';

const n = 20_000;
const values = Float64Array.from({ length: n }, (_, i) => 1 + i / n);
const merged = (p: number, { seed = 0, at = 0, tensor = 'w' } = {}, columns = [values.subarray(at)]) => {
  const out = new Float64Array(columns[0]!.length);
  dare({ p, seed }).combine(
    out,
    columns,
    columns.map(() => 1),
    { tensor, at, auxiliaries: {} },
  );
  return out;
};
const dropped = (out: Float64Array) => out.filter((value) => value === 0).length / out.length;

it('values are dropped with probability p, the others rescaled', () => {
  const out = merged(0.75);
  expect(dropped(out)).toBeCloseTo(0.75, 2);
  out.forEach((value, i) => {
    expect([0, values[i]! * 4]).toContain(value);
  });
  const mean = out.reduce((sum, value) => sum + value, 0) / n;
  expect(mean).toBeCloseTo(1.5, 1);
});

it('a block draws what it draws as a part of the whole', () => {
  expect(merged(0.5, { at: 777 })).toEqual(merged(0.5).subarray(777));
});

it('seeds, tensors and updates draw apart', () => {
  const one = merged(0.5);
  const both = (other: Float64Array) => other.filter((value, i) => value === 0 && one[i] === 0).length / n;
  expect(both(merged(0.5, { seed: 1 }))).toBeCloseTo(0.25, 1);
  expect(both(merged(0.5, { tensor: 'v' }))).toBeCloseTo(0.25, 1);
  expect(both(merged(0.5, {}, [values.map((value) => -value)]))).toBeCloseTo(0.25, 1);
});
