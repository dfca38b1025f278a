/**
 * Rows of numbers of one width that grow in blocks, in memory or in a file if that becomes too
 * much.
 */
import { type ColumnValues, emptyValues } from '../dataset.js';
import type { PagedValues, Paging, ValuesWriter } from '../paged-values.js';

const ROWS_OF_BLOCK = 8192;
/** Room beyond what is expected. It takes memory only as far as it is used. */
const MARGIN = 1.25;

export interface RowStore<Values extends ColumnValues = ColumnValues> {
  /** Room for the next rows, at most 8192: [rows, width]. They count when they are kept. */
  room(rows: number): Values;
  keep(rows: number): void;
  /** Makes room at once for all rows, as far as it is known: this part of them has come. */
  expect(part: number): void;
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
  /** Whether the block is that for all rows. */
  let isWhole = false;
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
    if (writer === undefined || isWhole) block = newBlock();
    isWhole = false;
    at = 0;
  };
  /** In shared memory, if the platform allows it. */
  const roomFor = (numbers: number) =>
    emptyValues({ name: '', dtype, shape: [numbers] }, 1, typeof SharedArrayBuffer !== 'undefined');
  return {
    room(rows) {
      if (at + rows * width > block.length) empty();
      return block.subarray(at, at + rows * width);
    },
    keep(rows) {
      at += rows * width;
    },
    expect(part) {
      const numbers = written + at;
      if (isWhole || writer !== undefined || numbers === 0) return;
      const whole = roomFor(Math.ceil((MARGIN * numbers) / part));
      at = copied(whole, [...full.splice(0), block.subarray(0, at)]);
      [block, isWhole, written] = [whole, true, 0];
    },
    heldBytes: () => (writer === undefined ? 4 * (written + at) : 0),
    page(paging) {
      if (writer !== undefined || width === 0) return;
      writer = paging.writer(dtype);
      for (const values of full.splice(0)) writer.append(values);
      if (isWhole) empty();
    },
    finish() {
      if (isWhole) return block.subarray(0, at);
      empty();
      if (writer !== undefined) return writer.finish();
      const values = roomFor(written);
      copied(values, full);
      return values;
    },
    discard: () => writer?.discard(),
  };
}

/** Copies lists one after the other; says how many numbers they are. */
function copied(into: ColumnValues, lists: readonly ColumnValues[]): number {
  let to = 0;
  for (const list of lists) {
    into.set(list, to);
    to += list.length;
  }
  return to;
}
