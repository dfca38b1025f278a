import { expect, it } from 'vitest';
import { bufferBudget } from './buffer-budget.js';

it('gives few files much, and hundreds little, again and again', () => {
  const budget = bufferBudget();
  for (let turn = 0; turn < 2; turn++) {
    const taken = Array.from({ length: 200 }, () => budget.take());
    expect(taken[0]).toBe(2 ** 20);
    expect(taken[15]).toBe(2 ** 19);
    expect(taken.at(-1)).toBe(2 ** 16);
    expect(taken.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(40 * 2 ** 20);
    for (const _ of taken) budget.release();
  }
});
