/**
 * Scans a text table, CSV or TSV, whose bytes come piece by piece. The first piece tells its
 * encoding, what separates its cells, and whether its numbers have a decimal comma.
 */
import { type CellRecord, type RecordScanner, scanRecords } from './record-scanner.js';
import { firstRecords, hasDecimalComma, type Separator, separatorOf } from './separator.js';
import { type TextBytes, type TextEncodingName, textBytes } from './text-bytes.js';

export interface TextScannerOptions {
  /** UTF-8 by default; UTF-16 is found by its first bytes. */
  readonly encoding?: TextEncodingName | undefined;
  /** Found in the first piece by default. */
  readonly separator?: Separator | undefined;
  /** Names of columns that tell the separator, if the header has them. */
  readonly wanted?: readonly string[] | undefined;
}

export interface TextScanner {
  push(chunk: Uint8Array): void;
  /** No more pieces come; there may have been none. */
  end(): void;
}

/**
 * @param onRecord called with each record, and with what separates the decimals of its numbers
 * @throws DataError as `scanRecords` and `textBytes` do
 */
export function textScanner(
  file: string,
  { encoding, separator: given, wanted = [] }: TextScannerOptions,
  onRecord: (record: CellRecord, decimal: ',' | '.') => void,
): TextScanner {
  let opened: { readonly text: TextBytes; readonly scanner: RecordScanner } | undefined;

  const open = (first: Uint8Array) => {
    const text = textBytes(file, first, encoding);
    const bytes = text.push(first);
    const separator = given ?? separatorOf(bytes, wanted);
    const isComma = separator !== ',' && hasDecimalComma(firstRecords(bytes, separator));
    const decimal = isComma ? ',' : '.';
    const scanner = scanRecords(file, separator.charCodeAt(0), (record) => {
      onRecord(record, decimal);
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
    end() {
      opened?.scanner.push(opened.text.end());
      opened?.scanner.end();
    },
  };
}
