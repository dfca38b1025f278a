/** Texts of files and folders: what is read of them, and what is said about those that are wrong. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { categoriesOf, closeDatasets, type Dataset } from '../dataset.js';
import { pagingIn } from '../paged/node/paging.js';
import { isPaged } from '../paged-values.js';
import { dataSchema } from '../settings.js';
import { loadTexts, type TextPlace } from './node/load-texts.js';
import { type TextSettings, textSpec } from './text-spec.js';
import { byteTokenizer } from './tokenizer.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-texts-'));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
};

async function load(
  path: string,
  settings: Partial<TextSettings> = {},
  wanted: TextPlace['wanted'] = 'training',
) {
  const notices: string[] = [];
  const spec = textSpec(dataSchema.parse({ kind: 'text', ...settings }) as TextSettings, byteTokenizer);
  const onNotice = (notice: string) => notices.push(notice);
  const [loaded] = await loadTexts([{ path, wanted }], spec, { onNotice });
  return { ...loaded!, notices };
}

/** Each text, its padding cut off, and its label. */
const read = (dataset: Dataset) => {
  const [{ values, shape } = { values: [], shape: [] }] = dataset.inputs;
  const [length = 1] = shape;
  const labels = dataset.targets[0]!.values;
  return Array.from({ length: dataset.examples }, (_, at) => {
    const bytes = Uint8Array.from((values as Uint8Array).slice(at * length, (at + 1) * length));
    const text = new TextDecoder().decode(bytes).replace(/\0+$/, '');
    return [text, categoriesOf(dataset)[labels[at]!]];
  });
};

const TABLE = 'id,text,label\n1,"Good, and ""cheap""",yes\n2,"Two\nlines",no\n3,Größe,yes\n';
const EXAMPLES = [
  ['Good, and "cheap"', 'yes'],
  ['Two\nlines', 'no'],
  ['Größe', 'yes'],
];
const LINES = EXAMPLES.map(([text, label]) => `${JSON.stringify({ id: 1, text, label })}\n`);

describe('texts are read', () => {
  it.each<[string, string, string | Uint8Array, Partial<TextSettings>]>([
    ['a CSV file', 'a.csv', TABLE, {}],
    ['a TSV file', 'a.tsv', 'text\tlabel\nGood, and "cheap"\tyes\n"Two\nlines"\tno\nGröße\tyes\n', {}],
    ['Latin-1', 'latin.csv', Buffer.from(TABLE, 'latin1'), { encoding: 'latin-1' }],
    ['UTF-16', 'utf16.csv', Buffer.from(`\ufeff${TABLE}`, 'utf16le'), {}],
    ['gzip', 'a.csv.gz', gzipSync(TABLE), {}],
    ['JSONL', 'a.jsonl', LINES.join('\n'), {}],
    ['JSONL with a mark, without a last line end', 'b.ndjson', `\ufeff${LINES.join('').trimEnd()}`, {}],
    ['gzipped JSONL', 'a.jsonl.gz', gzipSync(LINES.join('')), {}],
    [
      'columns of other names',
      'c.csv',
      TABLE.replace('text,label', 'review,kind'),
      { text: 'review', label: 'kind' },
    ],
  ])('of %s', async (_, name, content, settings) => {
    const { train, notices } = await load(write(name, content), { ...settings, length: 32 });
    expect(read(train)).toEqual(EXAMPLES);
    expect(categoriesOf(train)).toEqual(['no', 'yes']);
    expect(train.inputs[0]).toMatchObject({
      ...{ name: 'tokens', dtype: 'i32', shape: [32] },
      meaning: { kind: 'tokens', vocabulary: 256, padding: 0, field: settings.text ?? 'text' },
    });
    expect(notices).toEqual([]);
  });

  it('of a Parquet file, as of the CSV file that it was made of', async () => {
    const settings = { label: 'language', length: 300 };
    const [csv, parquet] = await Promise.all(
      ['data/languages/brussels.csv', 'test/fixtures/parquet/brussels.parquet'].map((path) =>
        load(resolve(path), settings),
      ),
    );
    expect(read(parquet!.train)).toEqual(read(csv!.train));
    expect(csv!.train.examples).toBe(175);
  });

  it('of a folder with a folder for each class, divided or not', async () => {
    for (const [path, text] of [
      ['flat/no/1.txt', 'bad'],
      ['flat/yes/1.txt', 'good\n'],
      ['flat/yes/deep/2.md', 'fine'],
      ['divided/train/no/1.txt', 'bad'],
      ['divided/train/yes/1.txt', 'good'],
      ['divided/test/yes/2.txt', 'fine'],
    ] as const) {
      write(path, text);
    }
    const flat = await load(join(folder, 'flat'), { length: 8 });
    expect(read(flat.train)).toEqual([
      ['bad', 'no'],
      ['good\n', 'yes'],
      ['fine', 'yes'],
    ]);
    const { train, test, isWhole } = await load(join(folder, 'divided'), { length: 8 }, 'both');
    expect([read(train), read(test), isWhole]).toEqual([
      [
        ['bad', 'no'],
        ['good', 'yes'],
      ],
      [['fine', 'yes']],
      false,
    ]);
  });

  it('with a fifth of each class for the test, where nothing sets one apart', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => `text ${i},${i % 2 ? 'odd' : 'even'}\n`);
    const path = write('fifty.csv', `text,label\n${rows.join('')}`);
    const { train, test } = await load(path, { length: 8 }, 'both');
    const counts = [train, test].map((set) => read(set).filter(([, label]) => label === 'odd').length);
    expect([train.examples, test.examples, ...counts]).toEqual([40, 10, 20, 5]);
    const whole = await load(path, { length: 8 }, 'test');
    expect([whole.train.examples, whole.test.examples, whole.isWhole]).toEqual([0, 50, true]);
  });

  it('with a length into which nearly all fit, which is said', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => `${'x'.repeat(i + 1)},a\n`);
    const { train, notices } = await load(write('long.csv', `text,label\n${rows.join('')}`));
    expect(train.inputs[0]?.shape).toEqual([96]);
    expect(notices).toEqual([
      'data: texts are read as 96 tokens, into which 96 of 100 fit; "data.length" sets it',
      'data: "long.csv": 4 of 100 texts are longer than 96 tokens, and cut',
    ]);
  });

  it('without those that are empty or have no label, which is said', async () => {
    const lines = ['good,yes', ',no', 'bad,no', 'fine,', ' ,yes', 'so so,NA'];
    const { train, notices } = await load(write('gaps.csv', `text,label\n${lines.join('\n')}\n`), {
      length: 4,
    });
    expect(read(train)).toEqual([
      ['good', 'yes'],
      ['bad', 'no'],
    ]);
    expect(notices).toEqual([
      'data: "gaps.csv": 2 of 6 texts are empty (line 3), and left out',
      'data: "gaps.csv": 2 of 6 texts have no label (line 5), and left out',
    ]);
  });

  it('without bytes 0, which stand for padding', async () => {
    const { train } = await load(write('zero.jsonl', JSON.stringify({ text: 'a\0b', label: 1 })), {
      length: 4,
    });
    expect(read(train)).toEqual([['ab', '1']]);
  });

  it('into a file, if they are too many for the memory', async () => {
    const path = resolve('data/languages/brussels.csv');
    const spec = textSpec(
      { kind: 'text', text: 'text', label: 'language', length: 300 } as TextSettings,
      byteTokenizer,
    );
    const paging = { ...pagingIn(1), aboveBytes: 20_000 };
    const of = async (own?: typeof paging) =>
      (await loadTexts([{ path, wanted: 'training' }], spec, { paging: own }))[0];
    const [held, paged] = await Promise.all([of(), of(paging)]);
    const values = paged!.train.inputs[0]!.values;
    if (!isPaged(values)) throw new Error('expected values in a file');
    expect(values.slice(0, values.length)).toEqual(held!.train.inputs[0]!.values);
    closeDatasets(paged!.train);
  });
});

describe('texts are refused', () => {
  it.each<[string, string, string | Uint8Array, Partial<TextSettings>, string]>([
    [
      'a missing column',
      'm.csv',
      'review,label\na,b\n',
      {},
      '"m.csv", line 1: no column is called "text", got review, label',
    ],
    [
      'a column that is there twice',
      't.csv',
      'text,text,label\na,b,c\n',
      {},
      'two columns are called "text"',
    ],
    [
      'a missing field',
      'm.jsonl',
      '{"texts":"a","label":"b"}\n',
      {},
      '"m.jsonl", line 1: there is no "text", got texts, label',
    ],
    [
      'no text in a field',
      'n.jsonl',
      '{"text":"a","label":1}\n{"text":7,"label":1}',
      {},
      '"n.jsonl", line 2: "text" is 7, expected a text',
    ],
    ['several labels', 'l.jsonl', '{"text":"a","label":["b"]}', {}, '"label" is ["b"], expected a class'],
    [
      'what is no JSON',
      'j.jsonl',
      '{"text":"a","label":1}\nhello\n',
      {},
      '"j.jsonl", line 2 is not JSON: "hello"',
    ],
    ['a list in a line', 'a.jsonl', '[1]\n', {}, '"a.jsonl", line 1 is [1], expected an object'],
    [
      'an unknown class',
      'u.csv',
      'text,label\na,yes\nb,maybe\n',
      { classes: ['no', 'yes'] },
      '"u.csv", line 3: the label is "maybe", expected one of no, yes',
    ],
    [
      'another encoding',
      'e.csv',
      Buffer.from('text,label\nGröße,a\n', 'latin1'),
      {},
      '"e.csv", line 2: bytes that are not UTF-8',
    ],
    [
      'another encoding of JSONL',
      'e.jsonl',
      Buffer.from('{"text":"Größe","label":"a"}', 'latin1'),
      {},
      '"e.jsonl", line 1: bytes that are not UTF-8',
    ],
    [
      'an archive',
      'z.jsonl',
      'PK\x03\x04....',
      {},
      'is a spreadsheet (such as .xlsx or .ods) or another zip archive, expected a JSONL file',
    ],
    [
      'texts that are all empty',
      'x.csv',
      'text,label\n,a\n ,b\n',
      {},
      '"x.csv" has nothing to learn from: 2 of 2 texts are empty (line 2)',
    ],
    ['a header alone', 'h.csv', 'text,label\n', {}, '"h.csv" has no rows'],
    ['an empty file', 'nothing.jsonl', '', {}, '"nothing.jsonl" has no texts'],
    ['a row of another length', 'r.csv', 'text,label\na,b,c\n', {}, 'line 2'],
  ])('for %s', async (_, name, content, settings, message) => {
    await expect(load(write(name, content), { length: 8, ...settings })).rejects.toThrow(message);
  });

  it('for a folder of other files, of bytes, or without classes', async () => {
    write('pictures/a/1.png', 'x');
    await expect(load(join(folder, 'pictures'), { length: 8 })).rejects.toThrow(
      '1.png" is not a text by its name, expected .txt, .text or .md',
    );
    write('bytes/a/1.txt', 'a\0b');
    await expect(load(join(folder, 'bytes'), { length: 8 })).rejects.toThrow('1.txt" has the byte 0');
    write('bare/1.txt', 'a');
    await expect(load(join(folder, 'bare'), { length: 8 })).rejects.toThrow(
      'no folders, expected one for each class',
    );
    await expect(load(join(folder, 'nowhere'), {})).rejects.toThrow('nowhere" cannot be read');
  });
});

it('a class that another set has, too, has one number in all of them', async () => {
  const spec = textSpec(dataSchema.parse({ kind: 'text', label: 'language' }) as TextSettings, byteTokenizer);
  const places = ['brussels.csv', 'lisbon.jsonl', 'zurich.csv'].map(
    (name) => ({ path: resolve('data/languages', name), wanted: 'training' }) as const,
  );
  const loaded = await loadTexts(places, spec, {});
  const names = ['Dutch', 'English', 'French', 'German', 'Italian', 'Portuguese', 'Spanish'];
  for (const { train } of loaded) expect(categoriesOf(train)).toEqual(names);
  expect(new Set(loaded.map(({ train }) => train.inputs[0]?.shape[0])).size).toBe(1);
  const [lisbon] = read(loaded[1]!.train);
  const [line = ''] = readFileSync(resolve('data/languages/lisbon.jsonl'), 'utf8').split('\n');
  expect(lisbon).toEqual(Object.values(JSON.parse(line)));
});
