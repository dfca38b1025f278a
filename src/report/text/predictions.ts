/** RowPredictions for the rows of a table, as CSV and as a few lines for a terminal. */
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

export interface RowPredictions {
  readonly rows: number;
  readonly target: PredictedTarget;
  /** [rows, names]: probabilities, or the numbers themselves. */
  readonly values: Float32Array;
  readonly group?: { readonly name: string; readonly cells: readonly string[] } | undefined;
}

/** One line for each row, after a header; the first row has the number 1. */
export function predictionsCsv(predictions: RowPredictions): string {
  const lines = [headerOf(predictions)];
  for (let row = 0; row < predictions.rows; row++) lines.push(cellsOf(predictions, row, shortestNumber));
  return lines.map(csvLine).join('');
}

/** A line of a CSV file. */
export const csvLine = (cells: readonly string[]): string => `${cells.map(quoted).join(',')}\n`;

const MOST_SHOWN = 10;

export function predictionsReport(predictions: RowPredictions): string {
  const { rows } = predictions;
  const shown = Math.min(rows, MOST_SHOWN);
  const rounded = (value: number) => String(Number(value.toPrecision(4)));
  const lines = Array.from({ length: shown }, (_, row) => cellsOf(predictions, row, rounded));
  const rest = rows - shown;
  return [
    ...textTable([headerOf(predictions), ...lines], []),
    ...(rest === 0
      ? []
      : [`and ${plural(rest, 'more row')} of ${count(rows)}: -o predictions.csv writes all`]),
  ].join('\n');
}

function headerOf({ target: { kind, names }, group }: RowPredictions): string[] {
  const places = ['row', ...(group === undefined ? [] : [group.name])];
  const probabilities = names.map((name) => `P(${name})`);
  if (kind === 'class') return [...places, 'prediction', ...probabilities];
  return kind === 'labels' ? [...places, ...names, ...probabilities] : [...places, ...names];
}

function cellsOf(
  { target, values, group }: RowPredictions,
  row: number,
  written: (value: number) => string,
): string[] {
  const { kind, names } = target;
  const own = values.subarray(row * names.length, (row + 1) * names.length);
  const places = [String(row + 1), ...(group === undefined ? [] : [group.cells[row] ?? ''])];
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
