/** An attacker who knows the rule, and enumerates all tables that look like the one that is shown. */
import { describe, expect, it } from 'vitest';
import { hideSmall } from './hide-small.js';

/** All ways to put so many rows into so many cells. */
function* tables(rows: number, cells: number): Generator<number[]> {
  if (cells === 1) {
    yield [rows];
    return;
  }
  for (let first = 0; first <= rows; first++)
    for (const others of tables(rows - first, cells - 1)) yield [first, ...others];
}

/** What is shown, and all tables for which that is shown. */
function possible(rows: number, order: readonly number[], smallestCount: number) {
  const by = new Map<
    string,
    { readonly counts: Float64Array; readonly hidden: Uint8Array; readonly tables: number[][] }
  >();
  for (const table of tables(rows, order.length)) {
    const { counts, hidden } = hideSmall(table, order, smallestCount);
    const key = `${counts} ${hidden}`;
    const shown = by.get(key) ?? { counts, hidden, tables: [] };
    shown.tables.push(table);
    by.set(key, shown);
  }
  return [...by.values()];
}

describe('a small cell', () => {
  it.each([
    [3, 4, [3, 1, 2, 0]],
    [4, 4, [0, 1, 2, 3]],
    [5, 3, [1, 0, 2]],
    [5, 5, [4, 2, 1, 3, 0]],
  ])('below %i of %i cells can be anything from 1 to k − 1', (smallestCount, cells, order) => {
    let hiddenCells = 0;
    for (let rows = 0; rows <= (cells === 5 ? 16 : 24); rows++) {
      for (const shown of possible(rows, order.slice(0, cells), smallestCount)) {
        for (let cell = 0; cell < cells; cell++) {
          const values = new Set(shown.tables.map((table) => table[cell] as number));
          const least = Math.min(...values);
          // A cell with one possible value is empty, or has the smallest count at least.
          if (values.size === 1) expect(least === 0 || least >= smallestCount).toBe(true);
          if (shown.hidden[cell] === 0) continue;
          hiddenCells++;
          expect(values.size).toBeGreaterThanOrEqual(smallestCount - 1);
          if (shown.counts[cell] !== 0) continue;
          for (let value = 1; value < smallestCount; value++) expect(values).toContain(value);
        }
      }
    }
    expect(hiddenCells).toBeGreaterThan(50);
  });

  it('is given back where only it is hidden: the attack works', () => {
    const alone = (table: readonly number[]) => table.map((count) => (count > 0 && count < 5 ? '?' : count));
    const shown = alone([12, 3, 9]);
    const fitting = [...tables(24, 3)].filter((table) => String(alone(table)) === String(shown));
    expect(fitting).toEqual([[12, 3, 9]]);
  });
});

describe('counts as they are shown', () => {
  it('are as they are when each is large enough, or nothing is hidden', () => {
    expect([...hideSmall([9, 0, 5], [0, 1, 2], 5).counts]).toEqual([9, 0, 5]);
    expect([...hideSmall([9, 1, 2], [0, 1, 2], 1).counts]).toEqual([9, 1, 2]);
  });

  it('of fewer rows than would hide them are withheld', () => {
    expect(hideSmall([1, 2, 1], [0, 1, 2], 5)).toMatchObject({ shownIn: undefined });
    expect([...hideSmall([1, 2, 1], [0, 1, 2], 5).counts]).toEqual([0, 0, 0]);
  });

  it('of small cells at the end are in the last group', () => {
    const { counts, hidden } = hideSmall([30, 20, 2, 1], [0, 1, 2, 3], 5);
    expect([[...counts], [...hidden]]).toEqual([
      [30, 23, 0, 0],
      [0, 1, 1, 1],
    ]);
  });
});
