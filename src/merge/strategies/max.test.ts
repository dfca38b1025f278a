import { expect, it } from 'vitest';
import { max } from './max.js';

it('the largest value is taken in each place, and +0 is larger than −0', () => {
  const columns = [
    Float64Array.of(-3, 0, -0, -0),
    Float64Array.of(-4, -0, 0, -0),
    Float64Array.of(-5, -0, -0, -0),
  ];
  for (const order of [columns, [...columns].reverse()]) {
    const out = new Float64Array(4);
    max().combine(out, order);
    expect([...out]).toEqual([-3, 0, 0, -0]);
  }
});
