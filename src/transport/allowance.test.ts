import { expect, it } from 'vitest';
import { allowance } from './allowance.js';

it('an allowance is so many at once, and so many a second afterwards', () => {
  let time = 0;
  const allowed = allowance(10, 3, () => time);
  const many = (count: number) => Array.from({ length: count }, allowed).filter(Boolean).length;
  expect(many(10)).toBe(3);
  time = 150;
  expect(many(10)).toBe(1);
  time = 10_000;
  expect(many(10)).toBe(3);
});
