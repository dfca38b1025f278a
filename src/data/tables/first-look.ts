/** A first look at a text table: what its columns are, as far as their cells tell. */
import { compareNames } from '../../base/names.js';
import { DataError } from '../error.js';
import { dayNumber, isMissingWord } from './cell-readers.js';
import { numberOf } from './parse-number.js';
import { ragged, recordTexts } from './record-scanner.js';
import { textScanner } from './text-scanner.js';

export interface SeenColumn {
  readonly name: string;
  readonly kind: 'number' | 'date' | 'category' | 'text' | 'empty';
  readonly missing: number;
  /** Of numbers, rounded outward to two digits. */
  readonly range?: readonly [number, number];
  /** Of categories, sorted. */
  readonly names?: readonly string[];
  /** How many different values there are; of many, as many as were counted. */
  readonly different: number;
}

export interface FirstLook {
  readonly rows: number;
  readonly columns: readonly SeenColumn[];
}

export interface FirstLooker {
  push(chunk: Uint8Array): void;
  /** @throws DataError when there is no table */
  finish(): FirstLook;
}

/** More different values are not names of categories. */
const MOST_NAMES = 30;
/**
 * Numbers are codes of categories if they are a few of 0 to 9, and each comes again: three ages in
 * three rows are none, nor are doses of 50, 100 and 200.
 */
const MOST_CODES = 5;
const LARGEST_CODE = 9;
const ROWS_OF_A_CODE = 4;
const MOST_COUNTED = 1000;

export function firstLook(file: string): FirstLooker {
  let look: TableLook | undefined;
  const text = textScanner(file, [], {}, ({ names, decimal }) => {
    const own = tableLook(file, names, decimal);
    look = own;
    return (records) => {
      for (let record = 0; record < records.count; record++) {
        const cells = recordTexts(records, record);
        if (cells.length !== names.length) throw ragged(file, records, record, names.length);
        own.add(cells);
      }
    };
  });
  return {
    push: text.push,
    finish() {
      text.end();
      return (look ?? tableLook(file, [], '.')).finish();
    },
  };
}

export interface TableLook {
  /** The texts of a row. */
  add(cells: readonly string[]): void;
  /** @throws DataError when there are no rows */
  finish(): FirstLook;
}

/** @param names of the columns */
export function tableLook(file: string, names: readonly string[], decimal: '.' | ','): TableLook {
  const columns = names.map((name) => ({ name, look: columnLook(decimal === ',') }));
  let rows = 0;
  return {
    add(cells) {
      for (const [place, { look }] of columns.entries()) look.add(cells[place] as string);
      rows++;
    },
    finish() {
      if (rows === 0) throw new DataError(`data: "${file}" has no rows, expected a header and rows`);
      return { rows, columns: columns.map(({ name, look }) => ({ name, ...look.finish() })) };
    },
  };
}

function columnLook(isComma: boolean) {
  const values = new Set<string>();
  let [all, missing, numbers, whole, dates] = [0, 0, 0, 0, 0];
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return {
    add(cell: string) {
      all++;
      if (isMissingWord(cell)) {
        missing++;
        return;
      }
      const number = numberOf(isComma ? cell.replace(',', '.') : cell);
      if (!Number.isNaN(number)) {
        numbers++;
        if (Number.isInteger(number)) whole++;
        least = Math.min(least, number);
        greatest = Math.max(greatest, number);
      } else if (dayNumber(cell) !== undefined) dates++;
      if (values.size < MOST_COUNTED) values.add(Number.isNaN(number) ? cell : String(number));
    },
    finish(): Omit<SeenColumn, 'name'> {
      const known = all - missing;
      const about = { missing, different: values.size };
      const isDigit = whole === known && least >= 0 && greatest <= LARGEST_CODE;
      const isCode = isDigit && values.size <= MOST_CODES && known >= ROWS_OF_A_CODE * values.size;
      if (known === 0) return { kind: 'empty', ...about };
      if (dates === known) return { kind: 'date', ...about };
      if (numbers === known && !isCode) return { kind: 'number', ...about, range: outward(least, greatest) };
      // Values that hardly ever come again are no categories.
      if (!isCode && (values.size > MOST_NAMES || (values.size > 10 && values.size > known / 4)))
        return { kind: 'text', ...about };
      return { kind: 'category', ...about, names: [...values].sort(compareNames) };
    },
  };
}

/** The bounds to two digits, away from each other: not the values of single rows. */
function outward(least: number, greatest: number): readonly [number, number] {
  const rounded = (value: number, round: (value: number) => number) => {
    if (value === 0) return 0;
    const unit = 10 ** (Math.floor(Math.log10(Math.abs(value))) - 1);
    return Number((round(value / unit) * unit).toPrecision(2));
  };
  const low = rounded(least, Math.floor);
  const high = rounded(greatest, Math.ceil);
  return low < high ? [low, high] : [low - 1, high + 1];
}
