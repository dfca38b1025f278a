/** Reads a text table, CSV or TSV, from bytes that come piece by piece. */
import { DataError } from '../error.js';
import { columnNames, type TableSpec } from './column-specs.js';
import { type ReadTable, type TableReader, type TableReaderOptions, tableReader } from './table-reader.js';
import { type TextFormat, textScanner } from './text-scanner.js';

export type TextTableOptions = TableReaderOptions & TextFormat;

export interface TextTable {
  push(chunk: Uint8Array): void;
  /** What was pushed is this part of the text, so that room can be made for all of it. */
  expect(part: number): void;
  /** @throws DataError when the table cannot be used */
  finish(): ReadTable;
  /** Gives up what was read. */
  discard(): void;
}

/** @param file the name of the table in messages */
export function textTableReader(file: string, spec: TableSpec, options: TextTableOptions = {}): TextTable {
  let reader: TableReader | undefined;
  const text = textScanner(file, columnNames(spec), options, ({ names, decimal }) => {
    const opened = tableReader(file, spec, names, { ...options, decimal });
    reader = opened;
    return opened.records;
  });
  return {
    push: text.push,
    expect: (part) => reader?.expect(part),
    finish() {
      text.end();
      if (reader === undefined) throw new DataError(`data: "${file}" is empty, expected a header and rows`);
      return reader.finish();
    },
    discard: () => reader?.discard(),
  };
}
