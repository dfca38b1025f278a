/** Rows of tokens of one length, in memory or in a file if that becomes too much. */
import type { ColumnValues } from '../dataset.js';
import { heldWriter } from '../held-writer.js';
import { KINDS, type PagedValues, type Paging, type ValuesWriter } from '../paged-values.js';
import type { Tokenizer } from './tokenizer.js';

export interface TokenStore {
  /** Pads or cuts the tokens of a text; whether they were cut. */
  add(text: string): boolean;
  finish(): ColumnValues | PagedValues;
  discard(): void;
}

const ROWS_OF_BLOCK = 1024;

export function tokenStore(tokenizer: Tokenizer, length: number, paging: Paging | undefined): TokenStore {
  const { kept, padding } = tokenizer;
  const full: (Uint8Array | Int32Array)[] = [];
  const newBlock = () => new KINDS[kept](ROWS_OF_BLOCK * length).fill(padding);
  let block = newBlock();
  let rows = 0;
  let bytes = 0;
  let writer: ValuesWriter<PagedValues> | undefined;
  const empty = () => {
    const values = block.subarray(0, rows * length);
    bytes += values.byteLength;
    if (writer === undefined) full.push(values);
    else writer.append(values);
    block = newBlock();
    rows = 0;
    if (writer !== undefined || paging === undefined || bytes <= paging.aboveBytes) return;
    writer = paging.writer(kept);
    for (const some of full.splice(0)) writer.append(some);
  };
  return {
    add(text) {
      const whole = tokenizer.encode(text);
      const isCut = whole.length > length;
      const ids = isCut ? tokenizer.cut(text, whole, length) : whole;
      if (rows === ROWS_OF_BLOCK) empty();
      const start = rows++ * length;
      for (let at = 0; at < ids.length; at++) block[start + at] = ids[at] as number;
      return isCut;
    },
    finish() {
      empty();
      if (writer !== undefined) return writer.finish();
      const whole = heldWriter(kept, bytes / KINDS[kept].BYTES_PER_ELEMENT);
      for (const some of full) whole.append(some);
      return whole.finish();
    },
    discard: () => writer?.discard(),
  };
}
