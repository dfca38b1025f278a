/** Against the numbers that numpy wrote (test/fixtures/arrays/make.py). */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { writeNpyFolder } from '../../../../test/write-npy.js';
import { type Column, closeDatasets, type Dataset, requireHeld } from '../../dataset.js';
import { pagingIn } from '../../paged/node/paging.js';
import { isPaged } from '../../paged-values.js';
import type { ArraySettings } from '../../settings.js';
import { loadArrays } from './load-arrays.js';

const fixtures = fileURLToPath(new URL('../../../../test/fixtures/arrays', import.meta.url));
const at = (file: string) => join(fixtures, file);
const folder = mkdtempSync(join(tmpdir(), 'arrays-'));
afterAll(() => rmSync(folder, { recursive: true }));
const expected: Record<string, { shape: number[]; values: number[] }> = JSON.parse(
  readFileSync(at('expected.json'), 'utf8'),
);
type Settings = Pick<ArraySettings, 'inputs' | 'targets'>;
const label: ArraySettings['targets'] = { label: { category: ['a', 'b', 'c'] } };
const valuesOf = (column: Column) =>
  Array.from(isPaged(column.values) ? column.values.slice(0, column.values.length) : column.values);

describe('arrays of every type', () => {
  it.each(['types.npz', 'types-deflated.npz', 'types.safetensors'])(
    'are those of numpy in %s',
    async (file) => {
      const names = Object.keys(expected).filter(
        (name) => !file.endsWith('safetensors') || !/^(big|fortran)/.test(name),
      );
      const inputs = Object.fromEntries(names.map((name) => [name, 'number' as const]));
      const { train, test } = await loadArrays(at(file), { inputs, targets: label }, { wanted: 'training' });
      expect({ examples: train.examples, tests: test.examples }).toEqual({ examples: 10, tests: 0 });
      for (const column of train.inputs) {
        const { shape, values } = expected[column.name]!;
        expect({ shape: column.shape, values: valuesOf(column) }, column.name).toEqual({ shape, values });
        expect(column.dtype).toBe('f32');
      }
      expect(valuesOf(train.targets[0]!)).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
    },
  );

  it('are the same in a file beside the memory', async () => {
    const settings: Settings = { inputs: { f64: 'number', fortran: 'number' }, targets: label };
    const read = (memory: number) =>
      loadArrays(at('types.npz'), settings, { paging: pagingIn(memory, folder) });
    const [paged, held] = [await read(0), await read(8e9)];
    const values = ({ train, test }: typeof held) => [train, test].map(({ inputs }) => inputs.map(valuesOf));
    expect(paged.train.inputs.every((column) => isPaged(column.values))).toBe(true);
    expect(values(paged)).toEqual(values(held));
    closeDatasets(paged.train, paged.test);
  });
});

describe('what an array means', () => {
  it('makes tokens and categories int32 in a batch, and a picture bytes', async () => {
    const inputs = {
      u16: { tokens: 101 },
      u8: { category: Array.from({ length: 101 }, (_, k) => k) },
    } as const;
    const { train } = await loadArrays(at('types.npz'), { inputs, targets: { f32: { number: 'mV' } } });
    expect(train.inputs.map(({ dtype, meaning }) => [dtype, meaning.kind])).toEqual([
      ['i32', 'tokens'],
      ['i32', 'categories'],
    ]);
    expect(requireHeld(train.inputs[1]!).values).toBeInstanceOf(Uint8Array);
    expect(train.targets[0]!.meaning).toEqual({ kind: 'number', unit: 'mV' });
  });
});

describe('the test', () => {
  const settings: Settings = { inputs: { x: 'number' }, targets: { y: { category: ['a', 'b', 'c'] } } };
  const first = ({ inputs }: Dataset) => valuesOf(inputs[0]!)[0]!;

  it('is the arrays behind test_, if there are any', async () => {
    const { train, test } = await loadArrays(at('tested.npz'), settings);
    expect([train.examples, test.examples]).toEqual([10, 4]);
    expect(first(test)).toBeCloseTo(first(train) + 1, 4);
    const only = await loadArrays(at('tested.npz'), settings, { wanted: 'test' });
    expect([only.train.examples, only.test.examples]).toEqual([0, 4]);
  });

  it('is otherwise a seeded fifth of each category', async () => {
    const { train, test } = await loadArrays(at('odd.npz'), settings);
    expect(valuesOf(test.targets[0]!).sort()).toEqual([0, 1, 2]);
    expect(train.examples).toBe(7);
    const again = await loadArrays(at('odd.npz'), settings);
    expect(valuesOf(again.test.inputs[0]!)).toEqual(valuesOf(test.inputs[0]!));
  });

  it('is all of a file for a coordinator that has only a test', async () => {
    expect((await loadArrays(at('odd.npz'), settings, { wanted: 'test' })).test.examples).toBe(10);
  });
});

describe('is refused in one line', () => {
  const y = { y: 'number' } as const;
  it.each([
    [
      'an array that is not there',
      { xx: 'number' },
      'has no array "xx", expected one of objects',
      'did you mean "x"?',
    ],
    ['objects', { objects: 'number' }, '"objects" in "ODD" holds objects of Python', 'astype'],
    ['text', { text: 'number' }, '"text" in "ODD" holds text', 'number categories from 0'],
    ['complex numbers', { complex: 'number' }, 'holds complex numbers', 'astype'],
    [
      'another length',
      { short: 'number' },
      '"y" in "ODD" has 10 examples, expected the 9 of "short"',
      undefined,
    ],
    ['floats as tokens', { x: { tokens: 5 } }, 'is f32[10,2,3], expected whole numbers', 'astype("int32")'],
    [
      'a category beyond its names',
      { y: { category: ['a', 'b'] } },
      'y 2 of "odd.npz" is 2, expected 0 to 1',
      undefined,
    ],
    ['NaN', { nan: 'number' }, 'nan 1 of "odd.npz" is NaN, expected a finite number', undefined],
    [
      'floats as a picture',
      { x: 'picture' },
      'expected u8[examples,channels,height,width]',
      'call it a number',
    ],
  ] as const)('%s', async (_, inputs, message, hint) => {
    const loading = loadArrays(at('odd.npz'), { inputs, targets: y } as never, { wanted: 'training' });
    const error = await loading.then(
      () => undefined,
      (problem: Error & { hint?: string }) => problem,
    );
    expect(error?.message.replace(at('odd.npz'), 'ODD')).toContain(message);
    if (hint !== undefined) expect(error?.hint).toContain(hint);
  });

  it('a whole number beyond int32, and an array without examples', async () => {
    await expect(
      loadArrays(at('odd.npz'), { inputs: { large: 'number' }, targets: { large: 'number' } }),
    ).rejects.toThrow(/number 1 of "large" in .* is 1099511627776/);
    await expect(
      loadArrays(at('odd.npz'), { inputs: { none: 'number' }, targets: { none: 'number' } }),
    ).rejects.toThrow('is f64[0,3], expected one or more examples');
  });

  it('a damaged file, wherever a byte of its numbers is changed, and one cut short', async () => {
    const settings: Settings = { inputs: { f64: 'number' }, targets: label };
    for (const file of ['types.npz', 'types-deflated.npz']) {
      const bytes = readFileSync(at(file));
      const place = bytes.indexOf('f64.npy') + 250;
      bytes[place] = bytes[place]! ^ 0x55;
      writeFileSync(join(folder, file), bytes);
      await expect(loadArrays(join(folder, file), settings)).rejects.toThrow(
        /damaged|cannot be read|bytes, expected/,
      );
      writeFileSync(join(folder, file), readFileSync(at(file)).subarray(0, -100));
      await expect(loadArrays(join(folder, file), settings)).rejects.toThrow(/cut short|damaged/);
    }
  });

  it('a file of another kind, and none at all', async () => {
    const settings: Settings = { inputs: { x: 'number' }, targets: y };
    await expect(loadArrays(at('expected.json'), settings)).rejects.toThrow(
      'expected .npz, .npy, .safetensors',
    );
    await expect(loadArrays(at('nowhere.npz'), settings)).rejects.toThrow('there is no such file');
    const text = join(folder, 'text.npz');
    copyFileSync(at('expected.json'), text);
    await expect(loadArrays(text, settings)).rejects.toThrow('is not a zip archive');
  });
});

it.each([
  ['NFC', 'NFD'],
  ['NFD', 'NFC'],
] as const)('a name in %s is that of an array whose name is in %s', async (inSettings, inFile) => {
  const place = join(folder, `spelled-${inFile}`);
  const name = 'âge';
  writeNpyFolder(place, {
    [name.normalize(inFile)]: { shape: [3, 1], values: Float32Array.of(1, 2, 3) },
    label: { shape: [3], values: Uint8Array.of(0, 1, 2) },
  });
  const settings: Settings = { inputs: { [name.normalize(inSettings)]: 'number' }, targets: label };
  const { train } = await loadArrays(place, settings, { wanted: 'training' });
  expect(train.inputs.map((column) => [column.name, ...valuesOf(column)])).toEqual([[name, 1, 2, 3]]);
  writeNpyFolder(place, { [name.normalize(inSettings)]: { shape: [3, 1], values: new Float32Array(3) } });
  await expect(loadArrays(place, settings, { wanted: 'training' })).rejects.toThrow(
    `has two arrays "${name}", expected one`,
  );
});

it('a folder of .npy files has an array for each', async () => {
  const place = join(folder, 'own');
  mkdirSync(place);
  const npy = (shape: string, values: Float32Array | Uint8Array, descr: string) => {
    const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`.padEnd(117);
    const head = Buffer.from(`\x93NUMPY\x01\x00\x76\x00${header}\n`, 'latin1');
    return Buffer.concat([head, new Uint8Array(values.buffer)]);
  };
  writeFileSync(
    join(place, 'x.npy'),
    npy(
      '6, 2',
      Float32Array.from({ length: 12 }, (_, k) => k),
      '<f4',
    ),
  );
  writeFileSync(join(place, 'y.npy'), npy('6,', Uint8Array.of(0, 1, 0, 1, 0, 1), '|u1'));
  const settings: Settings = { inputs: { x: 'number' }, targets: { y: { category: ['no', 'yes'] } } };
  const { train } = await loadArrays(place, settings, { wanted: 'training' });
  expect(valuesOf(train.inputs[0]!)).toEqual(Array.from({ length: 12 }, (_, k) => k));
  expect(valuesOf(train.targets[0]!)).toEqual([0, 1, 0, 1, 0, 1]);
});
