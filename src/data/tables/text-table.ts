/** Reads a text table, CSV or TSV, from bytes that come piece by piece. */
import { DataError } from '../error.js';
import { columnNames, type TableSpec } from './column-specs.js';
import { cellText } from './record-scanner.js';
import { type ReadTable, type TableReader, type TableReaderOptions, tableReader } from './table-reader.js';
import { type TextScannerOptions, textScanner } from './text-scanner.js';

export interface TextTableOptions
  extends TableReaderOptions,
    Pick<TextScannerOptions, 'separator' | 'encoding'> {}

export interface TextTable {
  push(chunk: Uint8Array): void;
  /** @throws DataError when the table cannot be used */
  finish(): ReadTable;
}

/** @param file the name of the table in messages */
export function textTableReader(file: string, spec: TableSpec, options: TextTableOptions = {}): TextTable {
  let reader: TableReader | undefined;
  const text = textScanner(file, { ...options, wanted: columnNames(spec) }, (record, decimal) => {
    if (reader !== undefined) {
      reader.record(record);
      return;
    }
    const header = Array.from({ length: record.cells }, (_, cell) => cellText(record, cell).trim());
    reader = tableReader(file, spec, header, { ...options, decimal: options.decimal ?? decimal });
  });
  return {
    push: text.push,
    finish() {
      text.end();
      if (reader === undefined) throw new DataError(`data: "${file}" is empty, expected a header and rows`);
      return reader.finish();
    },
  };
}
