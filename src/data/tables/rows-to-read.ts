/** Some rows of a file, read column by column: cells of a text, or values that have types. */
import type { ColumnValues } from '../dataset.js';
import type { CellProblems } from './cell-problems.js';
import type { CellReader } from './cell-readers.js';
import type { CellRecords } from './kernels/table-memory.js';

export interface RowsToRead {
  count(): number;
  /** Reads the column at `place` into `values[at]`, `values[at + step]`, … */
  read(reader: CellReader, place: number, values: ColumnValues, at: number, step: number): void;
  /** Leaves out all rows but these, which are ascending. */
  keepOnly(rows: readonly number[]): void;
}

export const rowsOfText = (records: CellRecords): RowsToRead => ({
  count: () => records.count,
  read: (reader, ...where) => reader.readCells(records, ...where),
  keepOnly(rows) {
    const { lines, firsts } = records;
    for (const [to, from] of rows.entries()) {
      lines[to] = lines[from] as number;
      firsts[to] = firsts[from] as number;
    }
    records.count = rows.length;
  },
});

/** Which rows of a file. */
interface WhichRows {
  /** The place of the first in the values that are given. */
  readonly from: number;
  readonly count: number;
  /** How many rows of the file come before these. */
  readonly before: number;
}

/** @param columns the values of each, in the order of the header */
export function rowsOfValues(
  columns: readonly ArrayLike<unknown>[],
  { from, count, before }: WhichRows,
  problems: CellProblems,
): RowsToRead {
  let rows: readonly number[] = Array.from({ length: count }, (_, row) => row);
  return {
    count: () => rows.length,
    read(reader, place, values, at, step) {
      const column = columns[place] as ArrayLike<unknown>;
      for (const [k, row] of rows.entries()) {
        problems.line = before + row + 1;
        values[at + k * step] = reader.readValue(column[from + row]);
      }
    },
    keepOnly(kept) {
      rows = kept.map((row) => rows[row] as number);
    },
  };
}
