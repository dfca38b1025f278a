/**
 * A slow reader of text tables: the whole text as one string, row by row and cell by cell. What the
 * fast one does by bytes and by columns is compared with it.
 */
import { MISSING_NUMBER } from '../src/data/features.js';
import { CellProblems } from '../src/data/tables/cell-problems.js';
import { type ColumnSpecOfTable, type TableSpec, targetColumns } from '../src/data/tables/column-specs.js';

export interface TableByRows {
  readonly numbers: readonly number[];
  /** The names of categories; "?" is missing, "other: …" is not declared. */
  readonly categories: readonly string[];
  readonly targets: readonly (number | string)[];
  /** The text of each row's group; a number of its own if it has none. */
  readonly groups: readonly (string | number)[];
  /** How often each name was read that is not declared, and where first. */
  readonly unknown: readonly string[];
}

const MISSING = ['', 'na', 'n/a', '#n/a', '#na', '<na>', 'nan', '-nan', 'null'];
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** @throws Error with the message for what is wrong */
export function tableByRows(
  file: string,
  text: string,
  { columns, target, group }: TableSpec,
  separator: string,
  decimal: string,
): TableByRows {
  const [header, ...rows] = recordsOf(file, text, separator);
  const names = header!.cells.map((cell) => cell.trim());
  const problems = new CellProblems(file);
  const read: Record<'numbers' | 'categories' | 'targets' | 'groups', (number | string)[]> = {
    ...{ numbers: [], categories: [], targets: [], groups: [] },
  };
  const unknown = new Map<string, { times: number; line: number }>();
  const goals =
    target.kind === 'labels' || target.kind === 'numbers'
      ? target.columns
      : target.kind === 'value'
        ? [target.column]
        : [];
  for (const { line, cells } of rows) {
    problems.line = line;
    const cellOf = (name: string) => cells[names.indexOf(name)]!;
    const cell = { problems, decimal, unknown, line };
    const learned: (number | string)[] = [];
    for (const name of targetColumns(target)) {
      const column = goals.find((goal) => goal.name === name);
      const value =
        target.kind === 'positive'
          ? positiveOf(cellOf(name), name, problems)
          : cellValue(cellOf(name), column!, { ...cell, isTarget: true });
      learned.push(value);
      if (value === MISSING_NUMBER || value === '?') break;
    }
    if (learned.includes(MISSING_NUMBER) || learned.includes('?')) continue;
    read.targets.push(...learned);
    for (const column of columns) {
      const value = names.includes(column.name) ? cellValue(cellOf(column.name), column, cell) : '?';
      if (column.value.kind === 'category') read.categories.push(value);
      else read.numbers.push(value === '?' ? MISSING_NUMBER : value);
    }
    if (group === undefined) continue;
    const own = cellValue(
      cellOf(group),
      { name: group, value: { kind: 'category', names: undefined, missing: [] } },
      cell,
    );
    read.groups.push(own === '?' ? -1 - read.groups.filter((one) => typeof one === 'number').length : own);
  }
  problems.refuse();
  if (read.targets.length === 0) throw new Error(`none of the ${rows.length} rows`);
  const said = [...unknown].map(
    ([name, { times, line }]) => `"${name}" ${times} times (first in line ${line})`,
  );
  return {
    ...{ ...read, unknown: said },
    ...{ numbers: read.numbers as number[], categories: read.categories as string[] },
  };
}

interface TextRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

function recordsOf(file: string, text: string, separator: string): readonly TextRecord[] {
  const records: TextRecord[] = [];
  let [at, line] = [0, 1];
  while (at < text.length) {
    const cells: string[] = [];
    let [lines, isQuoted] = [1, false];
    for (;;) {
      isQuoted = text[at] === '"';
      let cell = '';
      if (isQuoted) {
        for (at++; text[at] !== '"' || text[at + 1] === '"'; at++) {
          if (at >= text.length) throw new Error(`"${file}", line ${line}: a quote begins a cell`);
          if (text[at] === '\n') lines++;
          cell += text[at];
          if (text[at] === '"') at++;
        }
        at++;
        if (at < text.length && ![separator, '\n', '\r'].includes(text[at]!))
          throw new Error(`"${file}", line ${line + lines - 1}: text follows the quote`);
      } else {
        while (at < text.length && ![separator, '\n', '\r'].includes(text[at]!)) cell += text[at++];
      }
      cells.push(cell);
      if (text[at++] !== separator) break;
    }
    if (text[at - 1] === '\r' && text[at] === '\n') at++;
    if (cells.length > 1 || cells[0] !== '' || isQuoted) {
      const expected = records[0]?.cells.length ?? cells.length;
      if (cells.length !== expected)
        throw new Error(`"${file}", line ${line} has ${cells.length} cells, expected ${expected}`);
      records.push({ line, cells });
    }
    line += lines;
  }
  return records;
}

interface CellContext {
  readonly problems: CellProblems;
  readonly decimal: string;
  readonly unknown: Map<string, { times: number; line: number }>;
  readonly line: number;
  readonly isTarget?: boolean;
}

function cellValue(cell: string, column: ColumnSpecOfTable, context: CellContext): number | string {
  const { name, value } = column;
  const text = cell.trim();
  const words = value.missing.map((word) => word.trim());
  if (value.kind === 'category') return categoryOf(text.normalize('NFC'), words, column, context);
  const isMissing = [...MISSING, 'none', ...words.map((word) => word.toLowerCase())].includes(
    text.toLowerCase(),
  );
  if (isMissing) return MISSING_NUMBER;
  const { problems, decimal } = context;
  if (value.kind === 'date') {
    const [, year, month, day] = (/^(\d{4})[-/](\d{1,2})[-/](\d{1,2})$/.exec(text) ?? []).map(Number);
    const date = new Date(Date.UTC(year ?? Number.NaN, month! - 1, day));
    if (date.getUTCDate() === day && date.getUTCMonth() === month! - 1) return date.getTime() / 86_400_000;
    problems.add({ column: name, expected: 'a day as 2026-12-31', got: cell });
    return MISSING_NUMBER;
  }
  const pointed = decimal === ',' ? text.replace(/[.,]/g, (mark) => (mark === ',' ? '.' : ' ')) : text;
  const number = NUMBER.test(pointed) ? Number(pointed) : Number.NaN;
  if (words.map(Number).includes(number)) return MISSING_NUMBER;
  if (Math.abs(number) <= 3.4e38) return Math.fround(number);
  const expected = Number.isNaN(number) ? 'a number' : 'a number within ±3.4e38';
  problems.add({ column: name, expected, got: cell });
  return MISSING_NUMBER;
}

function categoryOf(
  text: string,
  words: readonly string[],
  { name, value }: ColumnSpecOfTable,
  { problems, unknown, line, isTarget }: CellContext,
): string {
  const names = value.kind === 'category' ? value.names : undefined;
  if (words.includes(text)) return '?';
  if (!(names ?? []).includes(text) && MISSING.includes(text.toLowerCase())) return '?';
  if (names === undefined) return text.replace(/^(-?\d+)\.0+$/, '$1');
  const own = NUMBER.test(text) ? String(Number(text)) : text;
  for (const one of [text, own]) if (names.includes(one)) return one;
  if (isTarget) {
    problems.add({ column: name, expected: `one of ${names.join(', ')}`, got: text });
    return '?';
  }
  const found = unknown.get(text);
  if (found === undefined) unknown.set(text, { times: 1, line });
  else found.times++;
  return `other than ${names.join(', ')}`;
}

/** "> 0" */
function positiveOf(cell: string, column: string, problems: CellProblems): number | string {
  const text = cell.trim();
  if (MISSING.includes(text.toLowerCase())) return '?';
  if (NUMBER.test(text)) return Number(Number(text) > 0);
  problems.add({ column, expected: 'a number, which "> 0" asks for', got: text });
  return '?';
}
