/** Against the numbers that pyarrow wrote (test/fixtures/arrays/make_lists.py). */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type Column, closeDatasets } from '../../dataset.js';
import { pagingIn } from '../../paged/node/paging.js';
import { isPaged } from '../../paged-values.js';
import type { ArraySettings } from '../../settings.js';
import { readPageArrays } from '../page/read-page-arrays.js';
import { loadArrays } from './load-arrays.js';

const fixtures = fileURLToPath(new URL('../../../../test/fixtures/arrays', import.meta.url));
const at = (file: string) => join(fixtures, file);
const folder = mkdtempSync(join(tmpdir(), 'lists-'));
afterAll(() => rmSync(folder, { recursive: true }));
const expected: Record<string, { shape: number[]; values: number[] }> = JSON.parse(
  readFileSync(at('lists.json'), 'utf8'),
);
type Settings = Pick<ArraySettings, 'inputs' | 'targets'>;
const label: ArraySettings['targets'] = { label: { category: ['a', 'b', 'c'] } };
const valuesOf = ({ values }: Column) =>
  Array.from(isPaged(values) ? values.slice(0, values.length) : values);
const all: Settings = {
  inputs: Object.fromEntries(Object.keys(expected).map((name) => [name, 'number' as const])),
  targets: label,
};

describe('lists in Parquet', () => {
  it.each(['lists.parquet', 'lists-zstd.parquet'])('are the arrays of pyarrow in %s', async (file) => {
    const { train } = await loadArrays(at(file), all, { wanted: 'training' });
    expect(train.examples).toBe(10);
    expect(train.inputs.map(({ name }) => name)).toEqual(Object.keys(expected));
    for (const column of train.inputs) {
      const { shape, values } = expected[column.name]!;
      expect({ shape: column.shape, values: valuesOf(column) }, column.name).toEqual({ shape, values });
    }
    expect(valuesOf(train.targets[0]!)).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
  });

  it('are targets, tokens and categories as other arrays are, in a file beside the memory or not', async () => {
    const settings: Settings = {
      inputs: { u16: { tokens: 101 }, f32: { number: 'mV', shape: [2, 3] } },
      targets: { fixed: 'number', bool: { labels: ['p', 'q', 'r'] } },
    };
    const read = (memory: number) =>
      loadArrays(at('lists.parquet'), settings, { paging: pagingIn(memory, folder) });
    const [paged, held] = [await read(0), await read(8e9)];
    expect(held.train.inputs.map(({ dtype }) => dtype)).toEqual(['i32', 'f32']);
    expect(held.train.targets.map(({ dtype, shape }) => [dtype, shape])).toEqual([
      ['f32', [2, 3]],
      ['i32', [3]],
    ]);
    const values = ({ train, test }: typeof held) => [train, test].map(({ inputs }) => inputs.map(valuesOf));
    expect(paged.train.inputs.some((column) => isPaged(column.values))).toBe(true);
    expect(values(paged)).toEqual(values(held));
    closeDatasets(paged.train, paged.test);
  });
});

it('a page reads the same from a file that was chosen', async () => {
  const name = 'lists.parquet';
  const file = new File([readFileSync(at(name))], name);
  const page = await readPageArrays([{ path: name, file }], name, all, { mostBytes: 1e6 });
  const { train } = await loadArrays(at(name), all, { wanted: 'training' });
  expect(page.inputs.map(valuesOf)).toEqual(train.inputs.map(valuesOf));
  expect(page.targets.map(valuesOf)).toEqual(train.targets.map(valuesOf));
});

describe('what is refused in one line', () => {
  it.each([
    [
      'lists of other lengths',
      'ragged',
      'row 7 of "ragged" in "ODD" has a list of 2, expected 3, as row 1 has',
      'pad',
    ],
    [
      'such lists within lists',
      'deepragged',
      'row 8 of "deepragged" in "ODD" has a list of 1, expected 2',
      'pad',
    ],
    [
      'a row without a list',
      'nolist',
      'row 6 of "nolist" in "ODD" has a missing value, expected a list of 3',
      'leave the row out',
    ],
    [
      'a list without a number',
      'nonumber',
      'row 9 of "nonumber" in "ODD" has a missing value, expected a number',
      'fill it in',
    ],
    [
      'a row without a number',
      'bare',
      'row 4 of "bare" in "ODD" has a missing value, expected a number',
      'fill it in',
    ],
    [
      'lists without numbers',
      'empty',
      '"empty" in "ODD" is f32[10,0], expected one or more examples',
      'write an array',
    ],
    [
      'a whole number beyond int32',
      'large',
      'a number in row 3 of "large" in "ODD" is 1099511627776',
      'or write floats',
    ],
    [
      'text',
      'text',
      '"text" in "ODD" holds text, expected numbers, or lists of numbers',
      'number categories',
    ],
    ['days', 'days', '"days" in "ODD" holds values of the type DATE, expected numbers', 'number categories'],
    [
      'structures',
      'structure',
      '"structure" in "ODD" holds structures, expected numbers',
      'number categories',
    ],
    ['NaN', 'nan', '"nan" at index 1 of "odd-lists.parquet" is NaN', ''],
    [
      'an array that is not there',
      'xx',
      '"ODD" has no array "xx", expected one of x, ragged',
      'did you mean "x"?',
    ],
  ] as const)('%s', async (_, name, message, hint) => {
    const settings = { inputs: { [name]: 'number' }, targets: { y: 'number' } } as Settings;
    const error = await loadArrays(at('odd-lists.parquet'), settings, { wanted: 'training' }).then(
      () => undefined,
      (problem: Error & { hint?: string }) => problem,
    );
    expect(error?.message.replace(at('odd-lists.parquet'), 'ODD')).toContain(message);
    expect(error?.message).not.toContain('\n');
    expect(error?.hint ?? '').toContain(hint);
  });

  it('a file without rows, and one that is no Parquet', async () => {
    await expect(loadArrays(at('no-lists.parquet'), all)).rejects.toThrow('expected one or more examples');
    await expect(loadArrays(at('../parquet/make.py'), all)).rejects.toThrow('expected .npz, .npy');
  });
});
