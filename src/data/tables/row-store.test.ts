import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { pagingIn } from '../paged/node/paging.js';
import { isPaged } from '../paged-values.js';
import { type RowStore, rowStore } from './row-store.js';

const folder = mkdtempSync(join(tmpdir(), 'rows-'));
afterAll(() => rmSync(folder, { recursive: true }));
const ROWS = 40_000;
const all = Float32Array.from({ length: 2 * ROWS }, (_, at) => at);

/** Rows of two numbers, 200 at a time. */
function fill(store: RowStore, after: Readonly<Record<number, () => void>> = {}): void {
  for (let row = 0; row < ROWS; row += 200) {
    after[row]?.();
    // More room than rows that are kept.
    store.room(256).set(all.subarray(2 * row, 2 * row + 400));
    store.keep(200);
  }
}

it.each([
  ['as many rows as were expected', 10_000 / ROWS],
  ['far fewer', 0.01],
  ['more, for which there is no room', 0.9],
])('%s come, and are kept in their order', (_, part) => {
  const store = rowStore('f32', 2);
  fill(store, { 10000: () => store.expect(part), 12000: () => store.expect(part / 2) });
  expect(store.heldBytes()).toBe(8 * ROWS);
  const values = store.finish();
  expect(isPaged(values)).toBe(false);
  expect(values).toEqual(all);
});

it.each([2000, 10_000, 30_000])('rows go into a file after %d, where more were expected', (row) => {
  const store = rowStore('f32', 2);
  fill(store, { 6000: () => store.expect(0.15), [row]: () => store.page(pagingIn(0, folder)) });
  expect(store.heldBytes()).toBe(0);
  const values = store.finish();
  expect(isPaged(values) && values.slice(0, values.length)).toEqual(all);
  if (isPaged(values)) values.close();
});

it('a store without rows expects nothing', () => {
  const store = rowStore('i32', 0);
  store.expect(0.5);
  store.room(100);
  store.keep(100);
  expect(store.finish()).toHaveLength(0);
});
