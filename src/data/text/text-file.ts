/** The texts of one file: a table with a column of texts, a Parquet file, or JSONL. */
import { canonicalName } from '../../base/names.js';
import { nearestName } from '../../base/nearest-name.js';
import { DataError } from '../error.js';
import { isParquet, openParquet } from '../parquet/parquet-file.js';
import { isMissingWord, valueText } from '../tables/cell-readers.js';
import type { CellRecords } from '../tables/kernels/table-memory.js';
import { cellText, ragged } from '../tables/record-scanner.js';
import { textScanner } from '../tables/text-scanner.js';
import { jsonLines } from './json-lines.js';
import type { TextExample, TextFile } from './text-examples.js';
import { type TextSpec, textFields } from './text-spec.js';

/** By its name. */
export const isJsonLines = (path: string): boolean => /\.(jsonl|ndjson)(\.gz)?$/i.test(path);

/** @throws DataError when it is no such file, or lacks a column or a field */
export function textsOfFile(file: TextFile, spec: TextSpec): AsyncIterable<readonly TextExample[]> {
  if (isJsonLines(file.name)) return jsonLines(file, spec);
  return isParquet(file.name) ? ofParquet(file, spec) : ofTable(file, spec);
}

async function* ofTable(file: TextFile, spec: TextSpec): AsyncGenerator<readonly TextExample[]> {
  const { name } = file;
  const fields = textFields(spec);
  let found: TextExample[] = [];
  let rows = 0;
  const { separator, encoding } = spec;
  const scanner = textScanner(name, fields, { separator, encoding }, ({ names }) => {
    const places = fields.map((field) => placeOf(`"${name}", line 1`, field, names));
    return (records) => {
      rows += records.count;
      for (let record = 0; record < records.count; record++) {
        if (records.cells[record] !== names.length) throw ragged(name, records, record, names.length);
        const [text = '', label] = places.map((place) => cellOf(records, record, place));
        found.push({ text, label: labelOf(label), place: `line ${records.lines[record]}` });
      }
    };
  });
  for await (const piece of file.pieces()) {
    scanner.push(piece);
    yield found.splice(0);
  }
  scanner.end();
  yield found;
  found = [];
  if (rows === 0)
    throw new DataError(`data: "${name}" has no rows, expected a header and a row for each text`);
}

const cellOf = (records: CellRecords, record: number, place: number) =>
  cellText(records, (records.firsts[record] as number) + place);

async function* ofParquet(file: TextFile, spec: TextSpec): AsyncGenerator<readonly TextExample[]> {
  const source = await file.source();
  try {
    const parquet = await openParquet(file.name, source);
    const fields = textFields(spec);
    for (const field of fields) {
      placeOf(`"${file.name}"`, field, parquet.names);
      const problem = parquet.problemOf(field);
      if (problem === undefined) continue;
      throw new DataError(
        `data: the column "${field}" of "${file.name}" holds ${problem}, expected one text in each row`,
      );
    }
    for (const group of parquet.groups) {
      const columns = await Promise.all(fields.map((field) => parquet.values(field, group)));
      yield Array.from({ length: group.rowEnd - group.rowStart }, (_, row) => {
        const [text = '', label] = columns.map((values) => valueText(values[row]));
        return { text, label: labelOf(label), place: `row ${group.rowStart + row + 1}` };
      });
    }
  } finally {
    await source.close();
  }
}

function labelOf(cell: string | undefined): string | undefined {
  const label = canonicalName((cell ?? '').trim());
  return isMissingWord(label) ? undefined : label;
}

function placeOf(where: string, field: string, names: readonly string[]): number {
  const place = names.indexOf(field);
  if (place >= 0 && names.lastIndexOf(field) === place) return place;
  if (place >= 0) {
    throw new DataError(`data: ${where}: two columns are called "${field}", expected one`, {
      hint: 'rename one of them, or remove it',
    });
  }
  const nearest = nearestName(field, names);
  throw new DataError(
    `data: ${where}: no column is called "${field}", got ${names.slice(0, 20).join(', ')}`,
    {
      hint:
        nearest === undefined
          ? 'name the columns by "data.text" and "data.label"'
          : `set "data.text" or "data.label" to "${nearest}", if it is that column`,
    },
  );
}
