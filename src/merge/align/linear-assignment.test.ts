import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { groupedAssignment, linearAssignment } from './linear-assignment.js';

const gains = (n: number) =>
  fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -9, max: 9, noNaN: true })), {
    minLength: n * n,
    maxLength: n * n,
  });

function permutationsOf(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((first) =>
    permutationsOf(items.filter((item) => item !== first)).map((rest) => [first, ...rest]),
  );
}

const sumOf = (gain: ArrayLike<number>, order: ArrayLike<number>) =>
  Array.from(order).reduce((sum, column, row) => sum + gain[row * order.length + column]!, 0);
const greatest = (gain: readonly number[], orders: readonly number[][]) =>
  Math.max(...orders.map((order) => sumOf(gain, order)));

describe('the linear assignment', () => {
  it.each([1, 2, 3, 5, 6])('has the greatest sum of all orders of %i', (n) => {
    const orders = permutationsOf([...Array(n).keys()]);
    fc.assert(
      fc.property(gains(n), (gain) => {
        const chosen = linearAssignment(Float64Array.from(gain), n);
        expect([...chosen].sort()).toEqual([...Array(n).keys()]);
        expect(sumOf(gain, chosen)).toBeCloseTo(greatest(gain, orders), 9);
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  it('finds a hidden order among 300', () => {
    const random = randomStream(1, 'test');
    const hidden = random.permutation(300);
    const gain = Float64Array.from({ length: 300 * 300 }, random.uniform);
    hidden.forEach((column, row) => {
      gain[row * 300 + column] = 1.5;
    });
    expect(linearAssignment(gain, 300)).toEqual(hidden);
  });

  it.each([
    [4, 2],
    [6, 2],
    [6, 3],
  ])('of %i units in %i groups has the greatest sum of the orders that keep them', (n, groups) => {
    const groupOf = (unit: number) => Math.floor(unit / (n / groups));
    const orders = permutationsOf([...Array(n).keys()]).filter((order) =>
      order.every((column, row) => {
        const together = order.filter((_, other) => groupOf(other) === groupOf(row));
        return together.every((other) => groupOf(other) === groupOf(column));
      }),
    );
    fc.assert(
      fc.property(gains(n), (gain) => {
        const chosen = groupedAssignment(Float64Array.from(gain), n, groups);
        expect(orders).toContainEqual([...chosen]);
        expect(sumOf(gain, chosen)).toBeCloseTo(greatest(gain, orders), 9);
      }),
      { seed: 1, numRuns: 60 },
    );
  });
});
