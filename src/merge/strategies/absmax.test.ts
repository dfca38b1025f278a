import { expect, it } from 'vitest';
import { absmax } from './absmax.js';

it('the largest magnitude is taken in each place, and the positive one of a tie', () => {
  const columns = [
    Float64Array.of(-3, 2, -2, 0, -0, 1),
    Float64Array.of(1, -2, 2, -0, -0, -7),
    Float64Array.of(2, -2, -2, -0, -0, 7),
  ];
  for (const order of [columns, [...columns].reverse()]) {
    const out = new Float64Array(6);
    absmax().combine(out, order);
    expect([...out]).toEqual([-3, 2, 2, 0, -0, 7]);
  }
});
