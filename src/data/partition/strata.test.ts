import { describe, expect, it } from 'vitest';
import { arrayDataset } from '../arrays/array-dataset.js';
import { partition } from './partition.js';
import { partitionByName } from './partitioners.js';
import { strataOf } from './strata.js';

const input = { name: 'x', values: new Float32Array(100) };
const setOf = (target: Omit<Parameters<typeof arrayDataset>[0]['targets'][number], 'name'>) =>
  arrayDataset({ name: 'own', inputs: [input], targets: [{ name: 'y', ...target }] });

it('classes are their own groups', () => {
  const values = Uint8Array.from({ length: 100 }, (_, i) => i % 3);
  const { groups, count } = strataOf(
    setOf({ values, meaning: { kind: 'categories', names: ['a', 'b', 'c'] } }),
  );
  expect(count).toBe(3);
  expect([...Array.from(groups).slice(0, 4)]).toEqual([0, 1, 2, 0]);
});

describe('examples without a category', () => {
  // Of ten examples three are a, two are b, and five are nothing: 255, or a number of the names.
  const labels = (none: number) =>
    Uint8Array.from(
      { length: 100 },
      (_, i) => [0, 1, none, none, 0, none, 1, none, 0, none][i % 10] as number,
    );

  it.each([255, 2])('are no group, but spread over the others in proportion, as %i', (none) => {
    const names = ['a', 'b', 'c'];
    const set = setOf({ values: labels(none), meaning: { kind: 'categories', names, ignored: none } });
    const { groups, count } = strataOf(set);
    expect(count).toBe(3);
    const sizes = [0, 0, 0, 0];
    for (const group of Array.from(groups)) sizes[group]! += 1;
    expect(sizes).toEqual([60, 40, 0, 0]);
    // Everybody has as many of them, where each participant has one of the two classes.
    const shares = partition(set, partitionByName('h'), {
      participants: 2,
      seed: 1,
      validationFraction: 0.2,
    });
    const without = shares.map(
      ({ train, validation }) => [...train, ...validation].filter((i) => labels(none)[i] === none).length,
    );
    expect(without).toEqual([30, 20]);
  });

  it('are one group where nothing has a category', () => {
    const values = new Int32Array(100).fill(-1);
    const meaning = { kind: 'categories', names: ['a', 'b'], ignored: -1 } as const;
    expect(strataOf(setOf({ values, meaning })).count).toBe(1);
  });
});

it('numbers are grouped by the tenth they lie in, equal ones together', () => {
  const values = Float32Array.from({ length: 100 }, (_, i) => (i * 37) % 100);
  expect(Array.from(strataOf(setOf({ values })).groups)).toEqual(
    Array.from(values, (y) => Math.floor(y / 10)),
  );
  const two = Float32Array.from({ length: 100 }, (_, i) => i % 2);
  expect(new Set(Array.from(strataOf(setOf({ values: two })).groups)).size).toBe(2);
});

it('everything else is one group', () => {
  const values = new Float32Array(200);
  expect(strataOf(setOf({ values, shape: [2] })).count).toBe(1);
});

it('a number that is learned is dealt out and held out in proportion', () => {
  const values = Float32Array.from({ length: 100 }, (_, i) => i);
  const shares = partition(setOf({ values }), partitionByName('v'), {
    participants: 2,
    seed: 1,
    validationFraction: 0.2,
  });
  for (const { validation } of shares) {
    expect([...new Set(Array.from(validation, (i) => Math.floor(i / 10)))].sort((a, b) => a - b)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
  }
});
