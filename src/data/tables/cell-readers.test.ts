/** Cells that are read many at a time, in each way in which they may be simple or not. */
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import type { HeldColumn } from '../dataset.js';
import { MISSING_NUMBER } from '../features.js';
import { type TableSettings, tableSpec } from './column-specs.js';
import { scanRecords } from './record-scanner.js';
import { tableDatasets } from './table-dataset.js';
import { textTableReader } from './text-table.js';

const encoder = new TextEncoder();

function read(text: string, columns: TableSettings['columns'], piece = 2 ** 20, separator = ';') {
  const notices: string[] = [];
  const spec = tableSpec({ kind: 'table', columns, target: { column: 'goal', number: true } });
  const reader = textTableReader('a.csv', spec, {
    ...{ separator: separator as ';', decimal: '.', onNotice: (notice) => notices.push(notice) },
  });
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length; at += piece) reader.push(bytes.subarray(at, at + piece));
  const table = reader.finish();
  const [dataset] = tableDatasets(spec, [table]);
  const [first, second] = dataset!.inputs as readonly HeldColumn[];
  return { first: first!, second, table, notices };
}

const table = (header: string, rows: readonly string[]) => `${header};goal\n${rows.join(';1\n')};1\n`;
const namesOf = ({ meaning }: HeldColumn, at = 0) =>
  meaning.kind === 'features' && meaning.features[at]?.kind === 'category' ? meaning.features[at].names : [];

describe('numbers', () => {
  it('are those of Number, rounded to float32, however many digits they have', () => {
    const random = randomStream(1, 'numbers');
    const digits = (count: number) => Array.from({ length: count }, () => random.integer(10)).join('');
    const cells = Array.from({ length: 20_000 }, () => {
      const sign = ['', '', '-', '+'][random.integer(4)]!;
      const whole = digits(random.integer(12));
      const mark = random.integer(3) === 0 ? '' : '.';
      const rest = mark === '' ? '' : digits(random.integer(12));
      const power = random.integer(20) === 0 ? `e${random.integer(30) - 15}` : '';
      return whole + rest === '' ? '' : `${sign}${whole}${mark}${rest}${power}`;
    });
    cells.push('0', '-0', '.5', '5.', '999999999999999', '9999999999999999', '0.00000000000001', '1e30');
    const { first } = read(table('x', cells), { x: 'number' }, 4099);
    const expected = cells.map((cell) => (cell === '' ? MISSING_NUMBER : Math.fround(Number(cell))));
    expect([...first.values]).toEqual(expected);
  });

  it('are found beside what is no number, and its lines are counted', () => {
    const cells = Array.from({ length: 700 }, (_, row) => (row % 100 === 50 ? 'NA' : `${row}`));
    expect(read(table('x', cells), { x: 'number' }).first.values[49]).toBe(49);
    cells[600] = '12a';
    cells[300] = '1.2.3';
    expect(() => read(table('x', cells), { x: 'number' })).toThrow(
      'line 302, column "x": expected a number, got "1.2.3" (and 1 more such cells)',
    );
  });

  it('that stand for a missing value are missing, within the range and beyond', () => {
    const cells = ['5', '0', '-9', '7', '0.0', '150', ''];
    const { first, notices } = read(table('x', cells), {
      x: { number: true, missing: [0, -9], range: [0, 100] },
    });
    expect([...first.values]).toEqual([
      5,
      MISSING_NUMBER,
      MISSING_NUMBER,
      7,
      MISSING_NUMBER,
      150,
      MISSING_NUMBER,
    ]);
    expect(notices).toEqual([
      'data: "a.csv": 1 of 3 values of "x" lie beyond 0 to 100, the first, 150, in line 7',
    ]);
  });
});

describe('categories', () => {
  it('are told apart, however many there are and however long their names', () => {
    const random = randomStream(2, 'names');
    const names = Array.from({ length: 30_000 }, (_, at) => `${at}`.padStart(1 + (at % 45), 'x'));
    const cells = Array.from(
      { length: 60_000 },
      () => names[random.integer(random.integer(2) === 0 ? 60 : 30_000)]!,
    );
    const { first } = read(table('kind', cells), { kind: 'category' });
    const read_ = namesOf(first);
    expect([...first.values].map((code) => read_[code])).toEqual(cells);
  });

  it('of two columns have codes of their own, quoted or not', () => {
    const cells = Array.from(
      { length: 600 },
      (_, row) => `${['a', '"b"', 'c'][row % 3]};${['c', 'a', 'b""'][row % 3]}`,
    );
    const { first, table: read_ } = read(
      table(
        'one;two',
        cells.map((cell) => cell.replace('b""', '"b"""')),
      ),
      { one: ['c', 'b', 'a'], two: ['a', 'c', 'b"'] },
    );
    expect(read_.rows).toBe(600);
    expect([...first.values].slice(0, 6)).toEqual([2, 1, 1, 0, 0, 2]);
    expect([...first.values].slice(-6)).toEqual([2, 1, 1, 0, 0, 2]);
  });

  it('that nobody knows are counted, each time', () => {
    const cells = Array.from({ length: 900 }, (_, row) => (row % 9 === 4 ? 'zz' : 'a'));
    const { first, notices } = read(table('kind', cells), { kind: ['a', 'b'] });
    expect([...first.values].slice(3, 6)).toEqual([0, 2, 0]);
    expect(notices.join()).toContain('"zz" 100 times (first in line 6)');
  });
});

it('days come again and again, before 1970 as well', () => {
  const days = ['1969-12-31', '', '2020-02-29', 'NA', '1970-01-01'];
  const cells = Array.from({ length: 500 }, (_, row) => days[row % 5]!);
  const { first } = read(table('seen', cells), { seen: 'date' });
  expect([...first.values].slice(-5)).toEqual([-1, MISSING_NUMBER, 18321, MISSING_NUMBER, 0]);
});

it('a record of many cells is read, and one of more than 65,536 is refused', () => {
  const wide = (cells: number) => `${new Array(cells - 1).fill('1').join(';')};1\n`;
  const header = (cells: number) =>
    `x;${Array.from({ length: cells - 2 }, (_, at) => `c${at}`).join(';')};goal\n`;
  const { first } = read(header(40_000) + wide(40_000).repeat(5), { x: 'number' }, 10_007);
  expect([...first.values]).toEqual([1, 1, 1, 1, 1]);
  expect(() => read(header(65_535) + wide(65_536), { x: 'number' })).toThrow(
    'line 2 has 65536 cells, expected 65535',
  );
  expect(() => read(header(65_536) + wide(65_600), { x: 'number' })).toThrow(
    'line 2 has more than 65536 cells',
  );
});

it('a text is not read within another one', () => {
  const scanner = (onRecords: () => undefined) => scanRecords('t', 0x2c, onRecords);
  const outer = scanner(() => {
    scanner(() => undefined).push(encoder.encode('a,b\n'));
    return undefined;
  });
  expect(() => outer.push(encoder.encode('1,2\n'))).toThrow('internal: a text is read within another one');
  const after: number[] = [];
  const again = scanRecords('t', 0x2c, ({ count }) => {
    after.push(count);
    return undefined;
  });
  again.push(encoder.encode('1,2\n3,4\n'));
  expect(after).toEqual([1, 1]);
});
