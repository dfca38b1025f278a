import { expect, it } from 'vitest';
import type { Grams, ValueColumn } from '../strategy.js';
import { cosineBetween, gramSurvey, norm } from './gram.js';

const vectors = [
  [1, 2, 3, 4, 5, 6],
  [-1, 0, 2, 0, 1, 0],
  [2, 4, 6, 8, 10, 12],
];
const combination = { combine: () => undefined };

function gramsOf(blocks: readonly (readonly [tensor: string, from: number, to: number])[]): Grams {
  let grams: Grams | undefined;
  const survey = gramSurvey(vectors.length, (found) => {
    grams = found;
    return combination;
  });
  for (const [tensor, from, to] of blocks) {
    const columns: ValueColumn[] = vectors.map((vector) => Float32Array.from(vector.slice(from, to)));
    survey.see(columns, { tensor, at: from, auxiliaries: {} });
  }
  expect(survey.finish()).toBe(combination);
  return grams!;
}

it('inner products are those of the whole vectors, and of each tensor', () => {
  const { all, byTensor } = gramsOf([
    ['b', 0, 1],
    ['a', 1, 2],
    ['a', 2, 6],
  ]);
  expect(all.map((row) => [...row])).toEqual([
    [91, 10, 182],
    [10, 6, 20],
    [182, 20, 364],
  ]);
  expect([...byTensor.get('b')!.map((row) => [...row])]).toEqual([
    [1, -1, 2],
    [-1, 1, -2],
    [2, -2, 4],
  ]);
});

it('norms and angles follow from them', () => {
  const { all } = gramsOf([['a', 0, 6]]);
  expect(norm(all, 0)).toBe(Math.sqrt(91));
  expect(cosineBetween(all, 0, 2)).toBe(1);
  expect(cosineBetween([Float64Array.of(0, 0), Float64Array.of(0, 4)], 0, 1)).toBe(0);
});
