/** Reads the cells of a column as numbers: quantities, or days. */
import { canonicalName } from '../../base/names.js';
import type { ColumnValues } from '../dataset.js';
import { MISSING_NUMBER, MISSING_WORDS } from '../features.js';
import type { CellProblems } from './cell-problems.js';
import type { ColumnSpecOfTable, NumberSpec } from './column-specs.js';
import { knownCells, readNumbers, spread } from './kernels/column-kernels.js';
import type { CellRecords } from './kernels/table-memory.js';
import { numberOf, parseNumber } from './parse-number.js';
import { cellText } from './record-scanner.js';

/**
 * How the cells of one column become numbers. MISSING_NUMBER or MISSING_CODE stands for a missing
 * value.
 */
export interface CellReader {
  /** Reads the cell at `place` of each record into `values[at]`, `values[at + step]`, … */
  readCells(records: CellRecords, place: number, values: ColumnValues, at: number, step: number): void;
  /** The number of a value in a file that has types. */
  readValue(value: unknown): number;
}

/** The number of cells beyond a declared range, and some of them. */
export interface RangeCount {
  known: number;
  outside: number;
  firstOutside: number | undefined;
  firstLine: number;
}

export const MISSING_CODE = -1;
/** Greater numbers would be taken for missing ones, or overflow. */
const GREATEST = 3.4e38;
/** In a column of numbers, "none" is no name. */
const MISSING_IN_NUMBERS = new Set([...MISSING_WORDS, 'none']);
export const MISSING_IN_NAMES: ReadonlySet<string> = new Set(MISSING_WORDS);
const DATE = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]\d{1,2}:\d{2}.*)?$/;
const MS_OF_DAY = 86_400_000;
/** No day has this number. */
const NO_DAY = -(2 ** 31);

/** Whether a cell is empty, or a word that stands for a missing value. */
export const isMissingWord = (text: string): boolean => MISSING_IN_NAMES.has(text.toLowerCase());

/** The text of a value in a file that has types, as a text table would have it. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (!(value instanceof Date)) return String(value);
  if (Number.isNaN(value.getTime())) return '';
  const text = value.toISOString();
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text;
}

export function numberReader(
  { name, value }: ColumnSpecOfTable,
  decimal: number,
  problems: CellProblems,
  counted: RangeCount,
): CellReader {
  const { range, orDay = false } = value as NumberSpec;
  const words = new Set(value.missing.map((word) => word.trim().toLowerCase()));
  const numbers = new Set(value.missing.map(numberOf).filter((number) => !Number.isNaN(number)));
  const hasOwnMissing = numbers.size > 0;
  const [low, high] = range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const accept = (number: number, text: () => string): number => {
    if (numbers.has(number)) return MISSING_NUMBER;
    if (!(number >= -GREATEST && number <= GREATEST)) {
      problems.add({ column: name, expected: 'a number within ±3.4e38', got: text() });
      return MISSING_NUMBER;
    }
    counted.known++;
    if (number < low || number > high) {
      if (counted.outside++ === 0) {
        counted.firstOutside = number;
        counted.firstLine = problems.line;
      }
    }
    return number;
  };
  const refused = (text: string): number => {
    const word = canonicalName(text.trim()).toLowerCase();
    if (MISSING_IN_NUMBERS.has(word) || words.has(word)) return MISSING_NUMBER;
    const day = orDay ? dayNumber(text.trim()) : undefined;
    if (day !== undefined) return day;
    const hint = DATE.test(text.trim())
      ? `a date is declared as one: ${name}: date`
      : `if it stands for a missing value, declare it: ${name}: { number: true, missing: [${JSON.stringify(text.trim())}] }`;
    problems.add({ column: name, expected: 'a number', got: text, hint });
    return MISSING_NUMBER;
  };
  const usual = {
    ...{ decimal, missing: MISSING_NUMBER },
    ...{ low: Math.max(low, -GREATEST), high: Math.min(high, GREATEST) },
  };
  return {
    readCells(records, place, values, at, step) {
      const { bytes, count, firsts, lines, starts, ends } = records;
      const { values: read, hard, empty } = readNumbers(records, place, usual);
      counted.known += count - empty - hard.length;
      spread(read, values, at, step, count);
      if (hasOwnMissing) counted.known -= leaveOut(numbers, read, values, at, step, count);
      for (const record of hard) {
        const cell = (firsts[record] as number) + place;
        const number = parseNumber(bytes, starts[cell] as number, ends[cell] as number, decimal);
        problems.line = lines[record] as number;
        values[at + record * step] = Number.isNaN(number)
          ? refused(cellText(records, cell))
          : accept(number, () => cellText(records, cell));
      }
    },
    readValue(of) {
      if (of === null || of === undefined || Number.isNaN(of)) return MISSING_NUMBER;
      if (typeof of === 'number' || typeof of === 'bigint') return accept(Number(of), () => String(of));
      if (typeof of === 'boolean') return accept(Number(of), () => String(of));
      const text = valueText(of);
      const number = numberOf(text);
      return Number.isNaN(number) ? refused(text) : accept(number, () => text);
    },
  };
}

/** Missing values in place of the numbers that stand for them; says how many. */
function leaveOut(
  numbers: ReadonlySet<number>,
  read: Float64Array,
  values: ColumnValues,
  at: number,
  step: number,
  count: number,
): number {
  let left = 0;
  for (let record = 0; record < count; record++) {
    const number = read[record] as number;
    if (number === MISSING_NUMBER || !numbers.has(number)) continue;
    values[at + record * step] = MISSING_NUMBER;
    left++;
  }
  return left;
}

export function dateReader({ name, value }: ColumnSpecOfTable, problems: CellProblems): CellReader {
  const words = new Set(value.missing.map((word) => word.trim().toLowerCase()));
  const read = (text: string): number => {
    const trimmed = text.trim();
    const word = canonicalName(trimmed).toLowerCase();
    if (MISSING_IN_NUMBERS.has(word) || words.has(word)) return MISSING_NUMBER;
    const days = dayNumber(trimmed);
    if (days !== undefined) return days;
    problems.add({ column: name, expected: 'a day as 2026-12-31', got: text });
    return MISSING_NUMBER;
  };
  const known = knownCells(NO_DAY);
  return {
    readCells(records, place, values, at, step) {
      const { values: days, hard } = known.read(records, place);
      spread(days, values, at, step, records.count);
      for (let record = 0; record < records.count; record++)
        if (days[record] === NO_DAY) values[at + record * step] = MISSING_NUMBER;
      for (const record of hard) {
        const cell = (records.firsts[record] as number) + place;
        problems.line = records.lines[record] as number;
        const day = read(cellText(records, cell));
        values[at + record * step] = day;
        // What is no day is counted each time.
        if (day !== MISSING_NUMBER) known.add(records, cell, day);
      }
    },
    readValue(of) {
      if (of === null || of === undefined) return MISSING_NUMBER;
      return read(valueText(of));
    },
  };
}

/** Days since 1970-01-01; undefined if there is no such day. */
export function dayNumber(text: string): number | undefined {
  const [, year, month, day] = (DATE.exec(text) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const time = Date.UTC(year, month - 1, day);
  const date = new Date(time);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? time / MS_OF_DAY : undefined;
}
