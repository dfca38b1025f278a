/** Reads the cells of a column as numbers: quantities, days, or codes of categories. */
import { canonicalName } from '../../base/names.js';
import { nearestName } from '../../base/nearest-name.js';
import { MISSING_NUMBER, MISSING_WORDS } from '../features.js';
import type { CellProblems } from './cell-problems.js';
import type { CategorySpec, ColumnSpecOfTable, NumberSpec } from './column-specs.js';
import { numberOf, parseNumber } from './parse-number.js';
import type { CellRecord } from './record-scanner.js';
import { cellText } from './record-scanner.js';

/** How the cells of one column become numbers. */
export interface CellReader {
  /** The number of a cell; MISSING_NUMBER or MISSING_CODE if its value is missing. */
  read(record: CellRecord, cell: number): number;
  /** … of a value in a file that has types. */
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
const MISSING_IN_NAMES = new Set(MISSING_WORDS);
const DATE = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]\d{1,2}:\d{2}.*)?$/;
const MS_OF_DAY = 86_400_000;

/** Whether a cell is empty, or a word that stands for a missing value. */
export const isMissingWord = (text: string): boolean => MISSING_IN_NAMES.has(text.toLowerCase());

export function numberReader(
  { name, value }: ColumnSpecOfTable,
  decimal: number,
  problems: CellProblems,
  counted: RangeCount,
): CellReader {
  const { range, orDay = false } = value as NumberSpec;
  const words = new Set(value.missing.map((word) => word.trim().toLowerCase()));
  const numbers = new Set(value.missing.map(numberOf).filter((number) => !Number.isNaN(number)));
  const accept = (number: number, text: () => string): number => {
    if (numbers.has(number)) return MISSING_NUMBER;
    if (!(number >= -GREATEST && number <= GREATEST)) {
      problems.add({ column: name, expected: 'a number within ±3.4e38', got: text() });
      return MISSING_NUMBER;
    }
    counted.known++;
    if (range !== undefined && (number < range[0] || number > range[1])) {
      if (counted.outside++ === 0) {
        counted.firstOutside = number;
        counted.firstLine = problems.line;
      }
    }
    return number;
  };
  const refused = (text: string): number => {
    const word = text.trim().toLowerCase();
    if (MISSING_IN_NUMBERS.has(word) || words.has(word)) return MISSING_NUMBER;
    const day = orDay ? dayNumber(text.trim()) : undefined;
    if (day !== undefined) return day;
    const hint = DATE.test(text.trim())
      ? `a date is declared as one: ${name}: date`
      : `if it stands for a missing value, declare it: ${name}: { number: true, missing: [${JSON.stringify(text.trim())}] }`;
    problems.add({ column: name, expected: 'a number', got: text, hint });
    return MISSING_NUMBER;
  };
  return {
    read(record, cell) {
      const start = record.starts[cell] as number;
      const end = record.ends[cell] as number;
      if (start === end) return MISSING_NUMBER;
      const number = parseNumber(record.bytes, start, end, decimal);
      return Number.isNaN(number)
        ? refused(cellText(record, cell))
        : accept(number, () => cellText(record, cell));
    },
    readValue(of) {
      if (of === null || of === undefined || Number.isNaN(of)) return MISSING_NUMBER;
      if (typeof of === 'number' || typeof of === 'bigint') return accept(Number(of), () => String(of));
      if (typeof of === 'boolean') return accept(Number(of), () => String(of));
      const number = numberOf(String(of));
      return Number.isNaN(number) ? refused(String(of)) : accept(number, () => String(of));
    },
  };
}

export function dateReader({ name, value }: ColumnSpecOfTable, problems: CellProblems): CellReader {
  const words = new Set(value.missing.map((word) => word.trim().toLowerCase()));
  const read = (text: string): number => {
    const trimmed = text.trim();
    const word = trimmed.toLowerCase();
    if (MISSING_IN_NUMBERS.has(word) || words.has(word)) return MISSING_NUMBER;
    const days = dayNumber(trimmed);
    if (days !== undefined) return days;
    problems.add({ column: name, expected: 'a day as 2026-12-31', got: text });
    return MISSING_NUMBER;
  };
  return {
    read: (record, cell) => read(cellText(record, cell)),
    readValue(of) {
      if (of === null || of === undefined) return MISSING_NUMBER;
      return of instanceof Date ? Math.floor(of.getTime() / MS_OF_DAY) : read(String(of));
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

/** The codes of categories, and what they stand for. */
export interface CategoryReader extends CellReader {
  /** The declared names, or those that were read, in the order of their codes. */
  names(): readonly string[];
  /** Names that are not declared, and how often they were read. */
  readonly unknown: ReadonlyMap<string, { times: number; readonly line: number }>;
}

/** @param isTarget whether an unknown name is an error, and not another category */
export function categoryReader(
  { name, value }: ColumnSpecOfTable,
  problems: CellProblems,
  isTarget = false,
): CategoryReader {
  const { names: declared } = value as CategorySpec;
  const names = [...(declared ?? [])];
  const codes = new Map(names.map((one, code) => [one, code]));
  const words = new Set(value.missing.map((word) => word.trim()));
  const unknown = new Map<string, { times: number; readonly line: number }>();
  const isMissing = (text: string) =>
    words.has(text) || (!codes.has(text) && MISSING_IN_NAMES.has(text.toLowerCase()));

  const codeOf = (cell: string): number => {
    const text = canonicalName(cell.trim());
    if (isMissing(text)) return MISSING_CODE;
    if (declared === undefined) {
      const own = wholeNumber(text);
      const known = codes.get(own);
      if (known !== undefined) return known;
      codes.set(own, names.length);
      return names.push(own) - 1;
    }
    const number = numberOf(text);
    const known = codes.get(text) ?? (Number.isNaN(number) ? undefined : codes.get(String(number)));
    if (known !== undefined) return known;
    const found = unknown.get(text);
    if (found !== undefined) found.times++;
    else unknown.set(text, { times: 1, line: problems.line });
    if (!isTarget) return names.length;
    const nearest = nearestName(text, names);
    const hint = nearest === undefined ? undefined : `rename it, if it is "${nearest}"`;
    problems.add({ column: name, expected: `one of ${names.join(', ')}`, got: text, hint });
    return MISSING_CODE;
  };

  const cache = bytesCache();
  return {
    unknown,
    names: () => names,
    read(record, cell) {
      const start = record.starts[cell] as number;
      const end = record.ends[cell] as number;
      if (start === end) return MISSING_CODE;
      const kept = cache.get(record.bytes, start, end);
      if (kept !== undefined) return kept;
      const code = codeOf(cellText(record, cell));
      // Unknown names are counted each time.
      if (code < names.length) cache.set(record.bytes, start, end, code);
      return code;
    },
    readValue: (of) => (of === null || of === undefined ? MISSING_CODE : codeOf(String(of))),
  };
}

/**
 * "1" for "1.0", which pandas writes of whole numbers beside missing ones; any other text as it is.
 * "007" is not "7": it may be the number of a patient, or a postal code.
 */
const wholeNumber = (text: string): string => /^(-?\d+)\.0+$/.exec(text)?.[1] ?? text;

/** Keeps every cell as it is; the code of a cell is the number of its row. */
export function cellCollector(): Pick<CategoryReader, keyof CellReader | 'names'> {
  const cells: string[] = [];
  const keep = (cell: string) => cells.push(cell) - 1;
  return {
    names: () => cells,
    read: (record, cell) => keep(cellText(record, cell)),
    readValue: (of) => keep(of === null || of === undefined ? '' : String(of)),
  };
}

/** Few texts come again and again: their codes, by their bytes. */
function bytesCache() {
  const kept = new Map<number, { readonly bytes: Uint8Array; readonly code: number }>();
  const MOST = 10_000;
  const hashOf = (bytes: Uint8Array, start: number, end: number) => {
    let hash = end - start;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
    return hash;
  };
  return {
    get(bytes: Uint8Array, start: number, end: number): number | undefined {
      const found = kept.get(hashOf(bytes, start, end));
      if (found === undefined || found.bytes.length !== end - start) return undefined;
      for (let at = 0; at < found.bytes.length; at++)
        if (found.bytes[at] !== bytes[start + at]) return undefined;
      return found.code;
    },
    set(bytes: Uint8Array, start: number, end: number, code: number) {
      if (kept.size < MOST) kept.set(hashOf(bytes, start, end), { bytes: bytes.slice(start, end), code });
    },
  };
}
