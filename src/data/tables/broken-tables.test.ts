import { describe, expect, it } from 'vitest';
import { CommonweightError } from '../../base/error.js';
import type { Dataset, HeldColumn } from '../dataset.js';
import { MISSING_NUMBER } from '../features.js';
import { type TableSettings, tableSpec } from './column-specs.js';
import { tableDatasets } from './table-dataset.js';
import { type TextTableOptions, textTableReader } from './text-table.js';

const settings: TableSettings = {
  kind: 'table',
  columns: {
    age: 'number',
    sex: ['Female', 'Male'],
    chol: { number: 'mg/dl', missing: [0], range: [100, 600] },
    seen: 'date',
  },
  target: { column: 'num', positive: '> 0' },
};
const header = 'age,sex,chol,seen,num\n';
const [first, second] = ['63,Male,233,2020-01-02,0\n', '41,Female,204,2021-05-06,2\n'];
const sound = header + first + second;
const utf8 = (text: string) => new TextEncoder().encode(text);

function utf16(text: string, isBig: boolean): Uint8Array {
  const bytes = new Uint8Array(2 * text.length + 2);
  const view = new DataView(bytes.buffer);
  for (const [at, character] of [...`\ufeff${text}`].entries())
    view.setUint16(2 * at, character.charCodeAt(0), !isBig);
  return bytes;
}

interface Change extends TextTableOptions {
  readonly settings?: Partial<TableSettings>;
}

interface Outcome {
  readonly dataset: Dataset;
  readonly notices: readonly string[];
}

function load(text: string | Uint8Array, { settings: changed, ...options }: Change = {}): Outcome {
  const notices: string[] = [];
  const spec = tableSpec({ ...settings, ...changed });
  const table = textTableReader('a.csv', spec, { ...options, onNotice: (notice) => notices.push(notice) });
  table.push(typeof text === 'string' ? utf8(text) : text);
  return { dataset: tableDatasets(spec, [table.finish()])[0] as Dataset, notices };
}

/** The message and the hint of what is refused. */
function refusal(text: string | Uint8Array, change?: Change): string {
  try {
    load(text, change);
  } catch (error) {
    expect(error).toBeInstanceOf(CommonweightError);
    const { message, hint } = error as CommonweightError;
    expect(message).not.toContain('\n');
    return hint === undefined ? message : `${message}; ${hint}`;
  }
  throw new Error('it is not refused');
}

const values = ({ dataset }: Outcome) => {
  const [numbers, categories] = dataset.inputs;
  return {
    numbers: [...(numbers as HeldColumn).values],
    categories: [...((categories as HeldColumn | undefined)?.values ?? [])],
    targets: [...(dataset.targets[0] as HeldColumn).values],
  };
};

/** What every table means that is right in its own way. */
const meant = {
  numbers: [63, 233, 18263, 41, 204, 18753],
  categories: [1, 0],
  targets: [0, 1],
};
const rows = (...lines: string[]) => header + lines.map((line) => `${line}\n`).join('');

describe('tables that are written in another way', () => {
  it.each<[string, string | Uint8Array, Change?]>([
    ['as CSV', sound],
    ['with semicolons', sound.replaceAll(',', ';')],
    ['with tabs', sound.replaceAll(',', '\t')],
    ['with bars', sound.replaceAll(',', '|')],
    ['with a byte order mark', utf8(`\ufeff${sound}`)],
    ['in UTF-16, little end first', utf16(sound, false)],
    ['in UTF-16, big end first', utf16(sound, true)],
    ['in UTF-16 without its mark', utf16(sound, false).subarray(2)],
    ['with the line ends of Windows', sound.replaceAll('\n', '\r\n')],
    ['with the line ends of old Macs', sound.replaceAll('\n', '\r')],
    ['without a last line end', sound.trimEnd()],
    ['with empty lines', sound.replaceAll('\n', '\n\n')],
    ['with every cell in quotes', sound.replaceAll(/[^,\n]+/g, '"$&"')],
    ['with blanks around the cells', sound.replaceAll(',', ' , ')],
    [
      'with more columns, in another order',
      'x,num,seen,chol,sex,age\n,0,2020-01-02,233,Male,63\n,2,2021-05-06,204,Female,41\n',
    ],
    ['with decimal commas', sound.replaceAll(',', ';').replace('63', '63,0').replace('41', '41,00')],
    ['with integers as pandas writes them beside missing values', sound.replace(',2\n', ',2.0\n')],
    [
      'with slashes in dates, and a time',
      sound.replace('2020-01-02', '2020/1/2').replace('05-06', '05-06T10:30:00Z'),
    ],
  ])('%s', (_, text, change) => {
    expect(values(load(text, change))).toEqual(meant);
  });

  it('in Latin-1, where that is declared', () => {
    const text = sound.replaceAll('Female', 'F\xe9').replaceAll('Male', 'M');
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const columns = { ...settings.columns, sex: ['Fé', 'M'] };
    expect(values(load(bytes, { encoding: 'latin-1', settings: { columns } }))).toEqual(meant);
  });
});

describe('a name in the two spellings of Unicode', () => {
  const spelled = (form: 'NFC' | 'NFD') => (text: string) => text.normalize(form);
  const of = (form: 'NFC' | 'NFD') => {
    const own = spelled(form);
    return {
      columns: {
        [own('âge')]: { number: 'years', missing: [own('âgé')] },
        [own('santé')]: [own('énervé'), 'calme'],
      },
      target: { column: own('épreuve'), classes: ['hiver', own('été')] },
      group: own('hôpital'),
    } satisfies Partial<TableSettings>;
  };
  const text = (form: 'NFC' | 'NFD') =>
    spelled(form)('âge;santé;épreuve;hôpital\n41;énervé;été;é\nâgé;calme;hiver;è\n');

  it.each([
    ['NFC', 'NFD'],
    ['NFD', 'NFC'],
  ] as const)('is one name: %s in the settings, %s in the table', (inSettings, inTable) => {
    const expected = load(text('NFC'), { settings: of('NFC') });
    const outcome = load(text(inTable), { settings: of(inSettings) });
    expect(outcome.notices).toEqual([]);
    expect(values(outcome)).toEqual(values(expected));
    expect(outcome.dataset.inputs.map(({ name, meaning }) => ({ name, meaning }))).toEqual(
      expected.dataset.inputs.map(({ name, meaning }) => ({ name, meaning })),
    );
    expect(values(outcome).numbers).toEqual([41, MISSING_NUMBER]);
  });

  it('names two columns that a table cannot have both', () => {
    const twice = `âge;santé;épreuve;hôpital;${'âge'.normalize('NFD')}\n41;calme;été;a;42\n`;
    expect(refusal(twice, { settings: of('NFC') })).toContain('two columns are called "âge"');
  });
});

describe('tables that lack something', () => {
  it('have it missing in whatever spelling, and where a column declares it', () => {
    const spelled = ['', 'NA', 'NaN', 'nan', 'N/A', 'null', 'NULL', '#N/A', 'None', '<NA>'];
    const outcome = load(rows(...spelled.map((word) => `${word},Male,0,,1`)));
    expect(new Set(values(outcome).numbers)).toEqual(new Set([MISSING_NUMBER]));
    expect(values(load(rows(',,,,1'))).categories).toEqual([3]);
  });

  it('leave out rows without a target, counted in one line', () => {
    const outcome = load(rows('1,Male,200,,', '2,Male,200,,1', '3,Male,200,,NA'));
    expect(outcome.dataset.examples).toBe(1);
    expect(outcome.notices).toEqual(['data: "a.csv": 2 of 3 rows have no "num" and are left out']);
  });

  it('train without a column that a site does not have, said in a line', () => {
    const { notices, dataset } = load('age,sex,seen,num\n63,Male,2020-01-02,0\n');
    expect(notices).toEqual(['data: "a.csv": no column "chol": it counts as missing in all its rows']);
    expect(dataset.inputs[0]?.values).toContain(MISSING_NUMBER);
  });

  it('count an unknown category as another one, and say which, how often and where', () => {
    const outcome = load(rows('1,Divers,200,,0', '1,male,200,,0', '1,Divers,200,,1'));
    expect(values(outcome).categories).toEqual([2, 2, 2]);
    expect(outcome.notices[0]).toContain('"sex" has "Divers" 2 times (first in line 2)');
    expect(outcome.notices[0]).toContain('"male" 1 times (first in line 3), perhaps "Male"');
  });

  it('say how many values lie beyond a declared range', () => {
    const { notices } = load(rows('1,Male,200,,0', '1,Male,250,,0', '1,Male,900,,1'));
    expect(notices[0]).toBe(
      'data: "a.csv": 1 of 3 values of "chol" lie beyond 100 to 600 mg/dl, the first, 900, in line 4',
    );
  });

  it('keep zeros before a number in a group, and in a category that is not declared', () => {
    const text = 'n,ward,patient,ill\n1,07,007,0\n2,7,7,1\n3,7.0,7.0,0\n4,07,007,1\n';
    const { dataset } = load(text, {
      settings: {
        ...{ columns: { n: 'number', ward: 'category' }, group: 'patient' },
        target: { column: 'ill', positive: 1 },
      },
    });
    const [one, other, same, again] = dataset.clusters ?? [];
    expect([again, same]).toEqual([one, other]);
    expect(one).not.toBe(other);
    const [, wards] = dataset.inputs as [HeldColumn, HeldColumn];
    expect(wards.meaning).toMatchObject({ features: [{ names: ['07', '7'] }] });
    expect([...wards.values]).toEqual([0, 1, 1, 0]);
  });

  it('train with one row, with a constant column, and with one class only', () => {
    expect(load(header + first).dataset.examples).toBe(1);
    expect(values(load(header + first + first)).targets).toEqual([0, 0]);
  });
});

describe('tables that are refused in one line', () => {
  it.each<[string, string | Uint8Array, readonly string[], Change?]>([
    ['an empty file', '', ['"a.csv" is empty']],
    ['a header alone', header, ['"a.csv" has a header and no rows']],
    ['no row with a target', rows('1,Male,200,,', '2,Male,200,,NA'), ['none of the 2 rows', '"num"']],
    ['a row that is too short', rows('1,Male,200'), ['line 2 has 3 cells, expected 5']],
    [
      'a row that is too long',
      rows('1,Male,200,,0', '1,Male,1,200,,0'),
      ['line 3 has 6 cells, expected 5', 'quotes'],
    ],
    ['another separator than is declared', sound, ['no column is called', 'separator'], { separator: ';' }],
    [
      'the same header twice',
      `age,age,sex,chol,seen,num\n1,1,Male,200,,0\n`,
      ['two columns are called "age"'],
    ],
    ['empty headers', ',,,,\n1,Male,200,,0\n', ['no column is called', '""']],
    [
      'a header that is spelled otherwise',
      sound.replace('chol', 'Chol'),
      ['no column is called "chol"', 'rename "Chol"'],
    ],
    ['no column for the target', sound.replace('num', 'diagnosis'), ['no column is called "num"']],
    ['no header', first + second, ['no column is called']],
    [
      'a number beyond float64',
      rows('1,Male,1e400,,0'),
      ['line 2, column "chol"', 'within ±3.4e38', '"1e400"'],
    ],
    ['a number beyond float32', rows('-1e39,Male,200,,0'), ['line 2, column "age"', '"-1e39"']],
    ['infinity', rows('inf,Male,200,,0'), ['expected a number, got "inf"']],
    [
      'text in a number',
      rows('1,Male,200,,0', 'old,Male,high,,0', 'x,Male,,,0'),
      [
        'line 3, column "age": expected a number, got "old" (and 1 more such cells)',
        'column "chol"',
        'missing: ["old"]',
      ],
    ],
    ['a number with thousands', rows('1,Male,"1,234",,0'), ['expected a number, got "1,234"']],
    ['a percent', rows('5%,Male,200,,0'), ['column "age": expected a number, got "5%"']],
    ['dates where numbers are declared', rows('2020-01-02,Male,200,,0'), ['expected a number', 'age: date']],
    [
      'numbers where dates are declared',
      rows('1,Male,200,43832,0'),
      ['expected a day as 2026-12-31, got "43832"'],
    ],
    ['a day that does not exist', rows('1,Male,200,2023-02-29,0'), ['line 2, column "seen"', '"2023-02-29"']],
    [
      'text under a condition on numbers',
      rows('1,Male,200,,ill'),
      ['column "num"', '"> 0" asks for', '"ill"'],
    ],
    [
      'another unit',
      rows('1,Male,5.2,,0', '1,Male,6.1,,1', '1,Male,200,,1'),
      ['2 of 3 values of "chol" lie beyond 100 to 600 mg/dl', '5.2', 'another unit'],
    ],
    ['an open quote', `${header}1,"Male,200,,0\n`, ['line 2: a quote begins a cell']],
    ['text after a quote', `${header}1,"Male"x,200,,0\n`, ['line 2: text follows the quote']],
    [
      'two encodings in one file',
      new Uint8Array([...utf8(sound), ...utf8('1,F'), 0xe9, ...utf8(',200,,0\n')]),
      ['line 4', 'not UTF-8', 'latin-1'],
    ],
    ['half a character at the end', new Uint8Array([...utf8(sound), 0xe2, 0x82]), ['"a.csv"', 'not UTF-8']],
    ['a picture', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), ['not UTF-8']],
    [
      'a spreadsheet of Excel',
      new Uint8Array([0x50, 0x4b, 3, 4, 0x14, 0, 6, 0, 8, 0, 0, 0, 0x21, 0, 0xff]),
      ['"a.csv" is a spreadsheet (such as .xlsx', 'CSV UTF-8'],
    ],
    [
      'a spreadsheet of Excel, as if it were in Latin-1',
      new Uint8Array([0x50, 0x4b, 3, 4, 0x14, 0, 6, 0, 0xff]),
      ['"a.csv" is a spreadsheet'],
      { encoding: 'latin-1' },
    ],
    [
      'a spreadsheet of 1997',
      new Uint8Array([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1]),
      ['an older Excel (.xls)'],
    ],
    ['a web page that is called .csv', '<!DOCTYPE html><html><table>', ['is a web page or XML']],
    ['Parquet under another name', 'PAR1\x15\x04\x15', ['is a Parquet file', 'ends in .parquet']],
    ['a compressed table', new Uint8Array([0x1f, 0x8b, 8, 0]), ['compressed by gzip', 'gunzip']],
    ['a file of SPSS', '$FL2@(#) SPSS DATA FILE', ['a file of SPSS', 'pandas.read_spss(FILE).to_csv']],
    [
      'a class that is not declared',
      sound,
      ['column "num": expected one of 0, 1, got "2"'],
      { settings: { target: { column: 'num', classes: [0, 1] } } },
    ],
    [
      'a label that is neither 0 nor 1',
      sound,
      ['column "num": expected one of 0, 1, got "2"'],
      { settings: { target: { columns: ['num'], labels: true } } },
    ],
    [
      'text in a target that is a number',
      sound,
      ['column "sex": expected a number, got "Male"'],
      { settings: { target: { column: 'sex', number: 'years' } } },
    ],
  ])('%s', (_, text, words, change) => {
    const said = refusal(text, change);
    for (const word of words) expect(said).toContain(word);
  });
});
