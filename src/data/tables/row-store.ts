/** Rows of numbers of one width that grow one by one, in blocks. */
import { type ColumnValues, emptyValues } from '../dataset.js';

const ROWS_OF_BLOCK = 8192;

export interface RowStore {
  /** The row that is written; it counts when it is kept. */
  set(place: number, value: number): void;
  keep(): void;
  /** All rows that were kept, [rows, width], in shared memory. */
  finish(): ColumnValues;
}

export function rowStore(dtype: 'f32' | 'i32', width: number): RowStore {
  const newBlock = () =>
    dtype === 'f32' ? new Float32Array(ROWS_OF_BLOCK * width) : new Int32Array(ROWS_OF_BLOCK * width);
  const full: ColumnValues[] = [];
  let block = newBlock();
  let at = 0;
  return {
    set(place, value) {
      block[at + place] = value;
    },
    keep() {
      at += width;
      if (at < block.length) return;
      full.push(block);
      block = newBlock();
      at = 0;
    },
    finish() {
      const rows = full.length * ROWS_OF_BLOCK + at / Math.max(width, 1);
      const values = emptyValues(
        { name: '', dtype, shape: [width] },
        rows,
        typeof SharedArrayBuffer !== 'undefined',
      );
      for (const [place, one] of full.entries()) values.set(one, place * one.length);
      values.set(block.subarray(0, at), full.length * block.length);
      return values;
    },
  };
}
