/** What a page reads is what `join` reads of the same files. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { loadArrays } from '../../../data/arrays/node/load-arrays.js';
import { columnsOf, factsOf } from '../../../data/dataset.js';
import type { PageFile } from '../../../data/page/page-files.js';
import { type DataSettings, dataSchema } from '../../../data/settings.js';
import type { TableSettings } from '../../../data/tables/column-specs.js';
import { describedTable } from '../../../data/tables/described-table.js';
import { describedTexts } from '../../../data/text/described-texts.js';
import type { TextSettings } from '../../../data/text/text-spec.js';
import { byteTokenizer } from '../../../data/text/tokenizer.js';
import { parseConfiguration } from '../../../protocol/configuration/configuration.js';
import { loadOwnData } from '../node/load-own-data.js';
import { ownData } from '../own-data.js';
import { readPageData } from './page-data.js';

const file = (path: string, content: Uint8Array<ArrayBuffer> | string = ''): PageFile => ({
  path,
  file: new File([content], path.split('/').at(-1)!),
});

describe('a table in a page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'page-table-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const hospital = resolve('data/heart-disease/hungary.csv');
  const text = readFileSync(hospital, 'utf8');
  const data = {
    kind: 'table',
    columns: {
      ...{ age: { number: 'years', range: [20, 90] }, thal: ['normal', 'fixed defect'] },
      ...{ chol: { number: 'mg/dl', missing: [0] }, seen: 'date' },
    },
    target: { column: 'num', positive: '> 0' },
    group: 'cp',
  } as const;
  const facts = describedTable(dataSchema.parse(data) as TableSettings);
  const described = {
    configuration: parseConfiguration(
      {
        ...{ seed: 7, partition: { name: 'own' }, model: { name: 'mlp' }, optimizer: { name: 'adam' } },
        ...{ local: { epochs: 1 }, rounds: 1, dataset: 'none', data },
      },
      'test',
    ),
    inputs: facts.inputs.map(factsOf),
    targets: facts.targets.map(factsOf),
  };
  const inPage = async (files: readonly PageFile[]) => {
    const notices: string[] = [];
    const onNotice = (notice: string) => notices.push(notice);
    const dataset = await readPageData(files, described, { onNotice });
    return { ...ownData(dataset, 'site-b', described), notices };
  };

  it('is the data, the share and the notices of a native participant, gzipped or not', async () => {
    const notices: string[] = [];
    const onNotice = (notice: string) => notices.push(notice);
    const native = await loadOwnData(hospital, 'site-b', described, { onNotice });
    expect(notices).toHaveLength(2);
    for (const chosen of [
      file('hungary.csv', text),
      file('x/hungary.csv.gz', new Uint8Array(gzipSync(text))),
    ]) {
      const own = await inPage([chosen]);
      expect(own.share).toEqual(native.share);
      expect(columnsOf(own.dataset)).toEqual(columnsOf(native.dataset));
      expect(own.dataset.clusters).toEqual(native.dataset.clusters);
      expect(own.notices).toEqual(notices.map((notice) => notice.replace('hungary.csv', chosen.file.name)));
    }
  });

  it('is the same as a Parquet file of the same table, and is refused there in the words of `join`', async () => {
    const path = resolve('test/fixtures/parquet/hungary.parquet');
    const bytes = new Uint8Array(readFileSync(path));
    const native = await inPage([file('hungary.csv', text)]);
    const told: number[][] = [];
    const dataset = await readPageData([file('x/hungary.parquet', bytes)], described, {
      onProgress: (...done) => told.push(done),
    });
    const own = ownData(dataset, 'site-b', described);
    expect(own.share).toEqual(native.share);
    expect(columnsOf(own.dataset)).toEqual(columnsOf(native.dataset));
    expect(own.dataset.clusters).toEqual(native.dataset.clusters);
    expect(told.at(-1)).toEqual([294, 294]);

    const [refused, cut] = ['refused.parquet', 'cut.parquet'].map((name) => join(folder, name)) as [
      string,
      string,
    ];
    writeFileSync(refused, readFileSync(resolve('test/fixtures/parquet/snappy.parquet')));
    writeFileSync(cut, bytes.subarray(0, 2000));
    for (const path of [refused, cut]) {
      const [other, page] = await Promise.allSettled([
        loadOwnData(path, 'site-b', described),
        inPage([file(basename(path), new Uint8Array(readFileSync(path)))]),
      ]);
      const [theirs, mine] = [other, page].map((one) => (one.status === 'rejected' ? one.reason : undefined));
      expect(mine).toMatchObject({ name: 'DataError', message: expect.stringContaining(basename(path)) });
      expect([mine.message, mine.hint]).toEqual([theirs.message, theirs.hint]);
    }
  });

  it('is refused as Parquet, too, where it is larger than what a page holds', async () => {
    const large = file('large.parquet', 'PAR1');
    Object.defineProperty(large.file, 'size', { value: 2 ** 30 + 1 });
    await expect(inPage([large])).rejects.toThrow('data: "large.parquet" takes more than 1073741824 bytes');
  });

  it.each([
    [
      'text among numbers',
      text.replace(/^40,/m, 'forty,'),
      /line 42, column "age": expected a number, got "forty"/,
    ],
    ['a column that is missing', text.replace('num', 'nun'), /line 1: no column is called "num"/],
    ['nothing', '', /is empty, expected a header and rows/],
  ])('is refused as by `join` where it holds %s', async (_, content, message) => {
    const path = join(folder, 'own.csv');
    writeFileSync(path, content);
    const [native, page] = await Promise.allSettled([
      loadOwnData(path, 'site-b', described),
      inPage([file('own.csv', content)]),
    ]);
    const reasons = [native, page].map((one) => (one.status === 'rejected' ? one.reason : undefined));
    expect(reasons[1]).toMatchObject({ name: 'DataError', message: expect.stringMatching(message) });
    expect([reasons[1].message, reasons[1].hint]).toEqual([reasons[0].message, reasons[0].hint]);
  });

  it('is one file', async () => {
    await expect(inPage([file('a.csv', text), file('b.csv', text)])).rejects.toThrow(
      'data: 2 files were chosen ("a.csv", "b.csv"), expected one table',
    );
  });
});

describe('arrays in a page', () => {
  const arrays = resolve('test/fixtures/arrays');
  const data: Extract<DataSettings, { kind: 'arrays' }> = {
    kind: 'arrays',
    inputs: { f16: 'number', u16: { tokens: 101 }, fortran: 'number' },
    targets: { label: { category: ['a', 'b', 'c'] } },
  };
  const settings = parseConfiguration(
    {
      ...{ partition: { name: 'own' }, model: { name: 'mlp' }, optimizer: { name: 'adam' } },
      ...{ local: { epochs: 1 }, rounds: 1, dataset: 'none', data },
    },
    'test',
  );

  it.each(['types.npz', 'types-deflated.npz'])(
    'are the columns of a native participant: %s',
    async (name) => {
      const path = join(arrays, name);
      const { train } = await loadArrays(path, data, { wanted: 'training' });
      const described = {
        configuration: settings,
        inputs: train.inputs.map(factsOf),
        targets: train.targets.map(factsOf),
      };
      const bytes = new Uint8Array(readFileSync(path));
      const dataset = await readPageData([file(`set/${name}`, bytes)], described);
      expect(columnsOf(dataset)).toEqual(columnsOf(train));
      // A byte of the numbers of f16.
      const damaged = bytes.slice();
      const at = Buffer.from(bytes).indexOf('f16.npy') + 150;
      damaged[at] = damaged[at]! ^ 0xff;
      await expect(readPageData([file(name, damaged)], described)).rejects.toThrow(
        /"f16" in "types.*npz" (is damaged|cannot be read)/,
      );
    },
  );

  it('are a folder of .npy files, or of such a file alone', async () => {
    const one = new Uint8Array(npy([3, 2], [1, 2, 3, 4, 5, 6]));
    const files = [
      file('set/x.npy', one),
      file('set/y.npy', new Uint8Array(npy([3], [0, 1, 1]))),
      file('set/a.txt'),
    ];
    const own: typeof data = { kind: 'arrays', inputs: { x: 'number' }, targets: { y: 'number' } };
    const described = { configuration: { ...settings, data: own }, inputs: [], targets: [] };
    const { examples, inputs, name } = await readPageData(files, described);
    expect({ examples, name, values: [...(inputs[0]!.values as Float32Array)] }).toEqual({
      ...{ examples: 3, name: 'set', values: [1, 2, 3, 4, 5, 6] },
    });
    await expect(readPageData(files.slice(0, 1), described)).rejects.toThrow(
      'has no array "y", expected one of x',
    );
  });
});

describe('texts in a page', () => {
  const own = { kind: 'text', label: 'language', length: 64 } as const;
  const classes = ['Dutch', 'English', 'French', 'German'];
  const facts = describedTexts(dataSchema.parse({ ...own, classes }) as TextSettings, byteTokenizer);
  const described = {
    configuration: parseConfiguration(
      {
        ...{ partition: { name: 'own' }, model: { name: 'bag-of-embeddings' }, optimizer: { name: 'adam' } },
        ...{ local: { epochs: 1 }, rounds: 1, dataset: 'none', data: own },
      },
      'test',
    ),
    inputs: facts.inputs.map(factsOf),
    targets: facts.targets.map(factsOf),
  };
  const csv = resolve('data/languages/brussels.csv');
  const bytesOf = (name: string) => {
    if (name.endsWith('.parquet')) return readFileSync(resolve('test/fixtures/parquet', name));
    return name.endsWith('.gz') ? gzipSync(readFileSync(csv)) : readFileSync(csv);
  };

  it.each(['brussels.csv', 'brussels.csv.gz', 'brussels.parquet'])(
    'are those of a native participant: %s',
    async (name) => {
      const notices: string[] = [];
      const onNotice = (notice: string) => notices.push(notice);
      const dataset = await readPageData([file(name, Uint8Array.from(bytesOf(name)))], described, {
        onNotice,
      });
      expect(columnsOf(dataset)).toEqual(columnsOf((await loadOwnData(csv, 'site', described)).dataset));
      expect(notices).toEqual([expect.stringContaining('are longer than 64 tokens, and cut')]);
    },
  );

  it('are a folder with a folder for each class', async () => {
    const files = [file('set/English/a.txt', 'good morning'), file('set/Dutch/b.txt', 'goede morgen')];
    const { examples, targets, inputs } = await readPageData(files, described);
    expect([examples, [...(targets[0]!.values as Int32Array)]]).toEqual([2, [0, 1]]);
    const first = (inputs[0]!.values as Uint8Array).subarray(0, 13);
    expect(new TextDecoder().decode(first)).toBe('goede morgen\0');
    await expect(readPageData([files[0]!, file('set/Greek/c.txt', 'γεια')], described)).rejects.toThrow(
      'set/Greek/c.txt": the label is "Greek", expected one of Dutch',
    );
  });
});

/** The bytes that numpy writes of f32. */
function npy(shape: readonly number[], values: readonly number[]): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const padded = `${header.padEnd(117)}\n`;
  const begin = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), Buffer.from([padded.length, 0])]);
  return Buffer.concat([begin, Buffer.from(padded), Buffer.from(Float32Array.from(values).buffer)]);
}
