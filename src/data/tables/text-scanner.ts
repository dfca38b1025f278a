/**
 * Opens a text table whose bytes come piece by piece: encoding, separator and decimal comma are
 * found in the first piece. A header comes first, then records.
 */

import { columnName } from './column-specs.js';
import type { CellRecords } from './kernels/table-memory.js';
import { type RecordScanner, recordTexts, scanRecords } from './record-scanner.js';
import { firstRecords, hasDecimalComma, type Separator, separatorOf } from './separator.js';
import { type TextBytes, type TextEncodingName, textBytes } from './text-bytes.js';

/** What settings say about a text; the rest is found in it. */
export interface TextFormat {
  readonly separator?: Separator | undefined;
  readonly decimal?: '.' | ',' | undefined;
  readonly encoding?: TextEncodingName | undefined;
}

export interface TextHeader {
  readonly names: readonly string[];
  readonly decimal: '.' | ',';
}

export interface TextScanner {
  push(chunk: Uint8Array): void;
  end(): void;
}

/**
 * @param wanted columns by which the separator is found
 * @param open called with the header; returns what takes the records
 * @throws DataError when bytes are not text, or quotes are wrong
 */
export function textScanner(
  file: string,
  wanted: readonly string[],
  format: TextFormat,
  open: (header: TextHeader) => (records: CellRecords) => void,
): TextScanner {
  let opened: { readonly text: TextBytes; readonly scanner: RecordScanner } | undefined;
  let take: ((records: CellRecords) => void) | undefined;

  const start = (first: Uint8Array) => {
    const text = textBytes(file, first, format.encoding);
    const bytes = text.push(first);
    const separator = format.separator ?? separatorOf(bytes, wanted);
    const isComma = separator !== ',' && hasDecimalComma(firstRecords(bytes, separator));
    const decimal = format.decimal ?? (isComma ? ',' : '.');
    const scanner = scanRecords(file, separator.charCodeAt(0), (records) => {
      if (take === undefined) take = open({ names: recordTexts(records, 0).map(columnName), decimal });
      else take(records);
      return undefined;
    });
    opened = { text, scanner };
    scanner.push(bytes);
  };
  return {
    push(chunk) {
      if (opened === undefined) start(chunk);
      else opened.scanner.push(opened.text.push(chunk));
    },
    end() {
      opened?.scanner.push(opened.text.end());
      opened?.scanner.end();
    },
  };
}
