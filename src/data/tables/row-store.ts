/**
 * Rows of numbers of one width that grow in blocks, in memory or in a file if that becomes too
 * much.
 */
import { type ColumnValues, emptyValues } from '../dataset.js';
import type { PagedValues, Paging, ValuesWriter } from '../paged-values.js';

const ROWS_OF_BLOCK = 8192;

export interface RowStore<Values extends ColumnValues = ColumnValues> {
  /** Room for the next rows, at most 8192: [rows, width]. They count when they are kept. */
  room(rows: number): Values;
  keep(rows: number): void;
  /** The bytes that its rows take in memory. */
  heldBytes(): number;
  /** From now on, the rows are in a file. */
  page(paging: Paging): void;
  /** All rows that were kept, [rows, width], in shared memory or in a file. */
  finish(): Values | PagedValues;
  discard(): void;
}

export function rowStore<Kind extends 'f32' | 'i32'>(
  dtype: Kind,
  width: number,
): RowStore<Kind extends 'f32' ? Float32Array : Int32Array>;
export function rowStore(dtype: 'f32' | 'i32', width: number): RowStore {
  const newBlock = () =>
    dtype === 'f32' ? new Float32Array(ROWS_OF_BLOCK * width) : new Int32Array(ROWS_OF_BLOCK * width);
  const full: ColumnValues[] = [];
  let written = 0;
  let block: ColumnValues = newBlock();
  let at = 0;
  let writer: ValuesWriter<PagedValues> | undefined;

  const pass = (values: ColumnValues) => {
    if (writer === undefined) full.push(values);
    else writer.append(values);
  };
  const empty = () => {
    if (at === 0) return;
    pass(block.subarray(0, at));
    written += at;
    // What is in a file is not needed any more.
    if (writer === undefined) block = newBlock();
    at = 0;
  };
  return {
    room(rows) {
      if (at + rows * width > block.length) empty();
      return block.subarray(at, at + rows * width);
    },
    keep(rows) {
      at += rows * width;
    },
    heldBytes: () => (writer === undefined ? 4 * (written + at) : 0),
    page(paging) {
      if (writer !== undefined || width === 0) return;
      writer = paging.writer(dtype);
      for (const values of full.splice(0)) writer.append(values);
    },
    finish() {
      empty();
      if (writer !== undefined) return writer.finish();
      const values = emptyValues(
        { name: '', dtype, shape: [written] },
        1,
        typeof SharedArrayBuffer !== 'undefined',
      );
      let to = 0;
      for (const one of full) {
        values.set(one, to);
        to += one.length;
      }
      return values;
    },
    discard: () => writer?.discard(),
  };
}
