/**
 * Reads a text table, CSV or TSV, from bytes that come piece by piece: encoding and separator are
 * found in the first piece.
 */
import { DataError } from '../error.js';
import { columnNames, type TableSpec } from './column-specs.js';
import { cellText, type RecordScanner, scanRecords } from './record-scanner.js';
import { firstRecords, hasDecimalComma, type Separator, separatorOf } from './separator.js';
import { type ReadTable, type TableReader, type TableReaderOptions, tableReader } from './table-reader.js';
import { type TextBytes, type TextEncodingName, textBytes } from './text-bytes.js';

export interface TextTableOptions extends TableReaderOptions {
  readonly separator?: Separator | undefined;
  readonly encoding?: TextEncodingName | undefined;
}

export interface TextTable {
  push(chunk: Uint8Array): void;
  /** @throws DataError when the table cannot be used */
  finish(): ReadTable;
}

/** @param file the name of the table in messages */
export function textTableReader(file: string, spec: TableSpec, options: TextTableOptions = {}): TextTable {
  let opened: { readonly text: TextBytes; readonly scanner: RecordScanner } | undefined;
  let reader: TableReader | undefined;

  const open = (first: Uint8Array) => {
    const text = textBytes(file, first, options.encoding);
    const bytes = text.push(first);
    const wanted = columnNames(spec);
    const separator = options.separator ?? separatorOf(bytes, wanted);
    const isComma = separator !== ',' && hasDecimalComma(firstRecords(bytes, separator));
    const decimal = options.decimal ?? (isComma ? ',' : '.');
    const scanner = scanRecords(file, separator.charCodeAt(0), (record) => {
      if (reader !== undefined) {
        reader.record(record);
        return undefined;
      }
      const header = Array.from({ length: record.cells }, (_, cell) => cellText(record, cell).trim());
      reader = tableReader(file, spec, header, { ...options, decimal });
      return undefined;
    });
    opened = { text, scanner };
    scanner.push(bytes);
  };
  return {
    push(chunk) {
      if (opened === undefined) open(chunk);
      else opened.scanner.push(opened.text.push(chunk));
    },
    finish() {
      if (opened !== undefined) {
        opened.scanner.push(opened.text.end());
        opened.scanner.end();
      }
      if (reader === undefined) throw new DataError(`data: "${file}" is empty, expected a header and rows`);
      return reader.finish();
    },
  };
}
