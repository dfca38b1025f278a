/** Reads the cells of a column as codes of categories: the numbers of their names. */
import { canonicalName } from '../../base/names.js';
import { nearestName } from '../../base/nearest-name.js';
import type { CellProblems } from './cell-problems.js';
import { type CellReader, MISSING_CODE, MISSING_IN_NAMES, valueText } from './cell-readers.js';
import type { CategorySpec, ColumnSpecOfTable } from './column-specs.js';
import { knownCells, spread } from './kernels/column-kernels.js';
import { numberOf } from './parse-number.js';
import { cellText } from './record-scanner.js';

/** Of values that have types, so many are kept to be found again. */
const MOST_VALUES = 10_000;

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

  /** Unknown names are counted each time, and so is what is refused. */
  const isCounted = (code: number) => code === names.length || (code === MISSING_CODE && isTarget);
  const known = knownCells(MISSING_CODE);
  const knownValues = new Map<unknown, number>();
  return {
    unknown,
    names: () => names,
    readCells(records, place, values, at, step) {
      const { values: read, hard } = known.read(records, place);
      spread(read, values, at, step, records.count);
      for (const record of hard) {
        const cell = (records.firsts[record] as number) + place;
        problems.line = records.lines[record] as number;
        const code = codeOf(cellText(records, cell));
        values[at + record * step] = code;
        if (!isCounted(code)) known.add(records, cell, code);
      }
    },
    readValue(of) {
      if (of === null || of === undefined) return MISSING_CODE;
      const found = knownValues.get(of);
      if (found !== undefined) return found;
      const code = codeOf(valueText(of));
      if (!isCounted(code) && knownValues.size < MOST_VALUES) knownValues.set(of, code);
      return code;
    },
  };
}

/**
 * "1" for "1.0", which pandas writes of whole numbers beside missing ones; any other text as it is.
 * "007" is not "7": it may be the number of a patient, or a postal code.
 */
const wholeNumber = (text: string): string => /^(-?\d+)\.0+$/.exec(text)?.[1] ?? text;

/** Keeps cells as they are; equal ones have one code. */
export function cellCollector(): Pick<CategoryReader, keyof CellReader | 'names'> {
  const cells: string[] = [];
  const codes = new Map<string, number>();
  const keep = (cell: string) => {
    const known = codes.get(cell);
    if (known !== undefined) return known;
    codes.set(cell, cells.length);
    return cells.push(cell) - 1;
  };
  return {
    names: () => cells,
    readCells(records, place, values, at, step) {
      for (let record = 0; record < records.count; record++)
        values[at + record * step] = keep(cellText(records, (records.firsts[record] as number) + place));
    },
    readValue: (of) => keep(valueText(of)),
  };
}
