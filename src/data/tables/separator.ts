/** Finds what separates the cells of a text table, by its first lines. */
import { columnName } from './column-specs.js';
import { recordTexts, scanRecords } from './record-scanner.js';

export const SEPARATORS = [',', ';', '\t', '|'] as const;
export type Separator = (typeof SEPARATORS)[number];

/** As many records are looked at. */
const RECORDS = 20;

/**
 * The one under which most of the wanted columns are in the header; then the one under which all
 * records have as many cells, and the most.
 */
export function separatorOf(text: Uint8Array, wanted: readonly string[]): Separator {
  const scored = SEPARATORS.map((separator) => ({ separator, score: scoreOf(text, separator, wanted) }));
  const best = scored.reduce((a, b) => (isLess(a.score, b.score) ? b : a));
  return best.separator;
}

function scoreOf(text: Uint8Array, separator: Separator, wanted: readonly string[]): readonly number[] {
  const records = firstRecords(text, separator);
  const [header = [], ...others] = records;
  const names = header.map(columnName);
  const found = wanted.filter((name) => names.includes(name)).length;
  const isEven = others.every(({ length }) => length === header.length);
  return [found, isEven && header.length > 1 ? 1 : 0, header.length];
}

/** The first records of a text; as many as can be read. */
export function firstRecords(text: Uint8Array, separator: Separator, most = RECORDS): string[][] {
  const records: string[][] = [];
  const scanner = scanRecords('', separator.charCodeAt(0), (scanned) => {
    const wanted = Math.min(scanned.count, most - records.length);
    for (let record = 0; record < wanted; record++) records.push(recordTexts(scanned, record));
    return records.length < most;
  });
  try {
    scanner.push(text);
    // The last record of a part of a file may be cut off.
    if (records.length < 2) scanner.end();
  } catch {
    // What is wrong with the text is said when it is read.
  }
  return records;
}

const isLess = (a: readonly number[], b: readonly number[]) => {
  const at = a.findIndex((value, place) => value !== b[place]);
  return at !== -1 && (a[at] as number) < (b[at] as number);
};

/** Whether numbers in these records have a decimal comma. */
export const hasDecimalComma = (records: readonly (readonly string[])[]): boolean => {
  const cells = records.flat();
  return (
    cells.some((cell) => /^[+-]?\d+,\d+$/.test(cell)) && !cells.some((cell) => /^[+-]?\d+\.\d+$/.test(cell))
  );
};
