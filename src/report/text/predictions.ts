/** What is predicted of rows or examples, as CSV and as a few lines for a terminal. */
import { count, plural } from '../numbers.js';
import { textTable } from '../text-table.js';

/** What is predicted of each row, and the names of its parts. */
export type PredictedTarget =
  | {
      readonly kind: 'class';
      readonly names: readonly string[];
      /** By which the second of two is predicted; the likeliest by default. */
      readonly cutOff?: number | undefined;
    }
  | { readonly kind: 'labels'; readonly names: readonly string[] }
  | { readonly kind: 'numbers'; readonly names: readonly string[] };

export interface PredictedTable {
  readonly target: PredictedTarget;
  /** The column of groups, and its cell in a row. */
  readonly group?: { readonly name: string; cell(row: number): string } | undefined;
  /** What a row is; `row` by default. */
  readonly place?: 'row' | 'example' | 'text';
}

/** Some rows that follow each other. */
export interface RowPredictions {
  /** The number of the first one in the table, from 0. */
  readonly start: number;
  /** [rows, names]: probabilities, or the numbers themselves. */
  readonly values: Float32Array;
}

/** Lines of a CSV file, some rows after the others: a header, and one line for each row. */
export async function* predictionsCsv(
  table: PredictedTable,
  predictions: AsyncIterable<RowPredictions>,
): AsyncGenerator<string> {
  yield csvLine(headerOf(table));
  for await (const rows of predictions) {
    const lines = Array.from({ length: rowsIn(table, rows) }, (_, row) =>
      csvLine(cellsOf(table, rows, row, shortestNumber)),
    );
    yield lines.join('');
  }
}

const rowsIn = ({ target: { names } }: PredictedTable, { values }: RowPredictions) =>
  values.length / names.length;

/** A line of a CSV file. */
export const csvLine = (cells: readonly string[]): string => `${cells.map(quoted).join(',')}\n`;

const MOST_SHOWN = 10;

/**
 * @param first the first rows, ten if there are so many
 * @param rows how many there are in all
 */
export function predictionsReport(table: PredictedTable, first: RowPredictions, rows: number): string {
  const shown = Math.min(rowsIn(table, first), MOST_SHOWN);
  const rounded = (value: number) => String(Number(value.toPrecision(4)));
  const lines = Array.from({ length: shown }, (_, row) => cellsOf(table, first, row, rounded));
  const rest = rows - shown;
  return [
    ...textTable([headerOf(table), ...lines], []),
    ...(rest === 0
      ? []
      : [
          `and ${plural(rest, `more ${table.place ?? 'row'}`)} of ${count(rows)}: -o predictions.csv writes all`,
        ]),
  ].join('\n');
}

function headerOf({ target: { kind, names }, group, place = 'row' }: PredictedTable): string[] {
  const places = [place, ...(group === undefined ? [] : [group.name])];
  const probabilities = names.map((name) => `P(${name})`);
  if (kind === 'class') return [...places, 'prediction', ...probabilities];
  return kind === 'labels' ? [...places, ...names, ...probabilities] : [...places, ...names];
}

/** The first row of the table has the number 1. */
function cellsOf(
  { target, group }: PredictedTable,
  { start, values }: RowPredictions,
  row: number,
  written: (value: number) => string,
): string[] {
  const { kind, names } = target;
  const own = values.subarray(row * names.length, (row + 1) * names.length);
  const places = [String(start + row + 1), ...(group === undefined ? [] : [group.cell(start + row)])];
  const numbers = Array.from(own, written);
  if (kind === 'class') return [...places, names[predictedClass(own, target.cutOff)] ?? '', ...numbers];
  return kind === 'labels'
    ? [...places, ...Array.from(own, (p) => (p >= 0.5 ? '1' : '0')), ...numbers]
    : [...places, ...numbers];
}

/**
 * The class that is predicted.
 * @param probabilities of one example
 * @param cutOff the probability from which on it is the second of two; the likeliest one by default
 */
export function predictedClass(
  probabilities: Float32Array | readonly number[],
  cutOff: number | undefined,
): number {
  if (cutOff === undefined) return probabilities.indexOf(Math.max(...probabilities));
  return (probabilities[1] as number) >= cutOff ? 1 : 0;
}

/** The fewest digits that give the same float32. */
export function shortestNumber(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(9)));
}

/** @see RFC 4180 */
const quoted = (cell: string) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
