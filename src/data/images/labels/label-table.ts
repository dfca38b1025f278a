/** Reads the table of labels: a small CSV or TSV file, as text. */
import { DataError } from '../../error.js';
import { columnName } from '../../tables/column-specs.js';
import { recordTexts, scanRecords } from '../../tables/record-scanner.js';
import { separatorOf } from '../../tables/separator.js';
import { textBytes } from '../../tables/text-bytes.js';

export interface LabelTable {
  readonly file: string;
  readonly header: readonly string[];
  readonly rows: readonly LabelRow[];
}

export interface LabelRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * @param wanted columns that the settings name
 * @throws DataError when it is empty, no text, or a row has another number of cells than the header
 */
export function readLabelTable(file: string, bytes: Uint8Array, wanted: readonly string[]): LabelTable {
  const text = textBytes(file, bytes);
  const parts = [text.push(bytes), text.end()] as const;
  const utf8 = new Uint8Array(parts[0].length + parts[1].length);
  utf8.set(parts[0]);
  utf8.set(parts[1], parts[0].length);
  const rows: LabelRow[] = [];
  const scanner = scanRecords(file, separatorOf(utf8, wanted).charCodeAt(0), (records) => {
    for (let record = 0; record < records.count; record++) {
      rows.push({ line: records.lines[record] as number, cells: recordTexts(records, record) });
    }
    return undefined;
  });
  scanner.push(utf8);
  scanner.end();
  const [header, ...others] = rows;
  if (header === undefined || others.length === 0) {
    throw new DataError(
      `data: "${file}" has ${header === undefined ? 'no header' : 'a header alone'}, expected the names of columns, and a row for each picture`,
    );
  }
  const ragged = others.find(({ cells }) => cells.length !== header.cells.length);
  if (ragged === undefined) return { file, header: header.cells.map(columnName), rows: others };
  throw new DataError(
    `data: "${file}", line ${ragged.line} has ${ragged.cells.length} cells, expected ${header.cells.length} as in the header`,
    { hint: 'quote a cell that contains the separator' },
  );
}

/** @throws DataError that lists the columns that there are */
export function columnPlace({ file, header }: LabelTable, name: string): number {
  const place = header.indexOf(name);
  if (place >= 0) return place;
  throw new DataError(`data: "${file}" has no column "${name}", expected one of ${header.join(', ')}`, {
    hint: 'name the columns in "data.labels"',
  });
}
