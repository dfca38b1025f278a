/** Reads a table from a Parquet file, one group of rows after the other. */
import { DataError } from '../../error.js';
import { type ByteSource, openParquet, type ParquetFile, type RowRange } from '../../parquet/parquet-file.js';
import { valueText } from '../cell-readers.js';
import { columnNames, type TableSpec } from '../column-specs.js';
import { type FirstLook, tableLook } from '../first-look.js';
import { type ReadTable, type TableReaderOptions, tableReader } from '../table-reader.js';

/** So many rows are read together. */
const ROWS = 8192;

export interface ParquetOptions extends Omit<TableReaderOptions, 'decimal' | 'place'> {
  readonly signal?: AbortSignal | undefined;
  readonly onRows?: ((done: number, of: number) => void) | undefined;
}

/**
 * @param file its name in messages
 * @throws DataError as for a text, with rows in place of lines
 */
export async function readParquet(
  file: string,
  source: ByteSource,
  spec: TableSpec,
  { signal, onRows, ...options }: ParquetOptions = {},
): Promise<ReadTable> {
  const parquet = await openParquet(file, source);
  const reader = tableReader(file, spec, parquet.names, { ...options, place: 'row' });
  const wanted = columnNames(spec).filter((name) => parquet.names.includes(name));
  for (const name of wanted) {
    const problem = parquet.problemOf(name);
    if (problem === undefined) continue;
    throw new DataError(
      `data: the column "${name}" of "${file}" holds ${problem}, expected one number, text or date in each row`,
    );
  }
  try {
    for (const group of parquet.groups) {
      signal?.throwIfAborted();
      const columns = await valuesOf(parquet, wanted, group);
      const rows = group.rowEnd - group.rowStart;
      for (let from = 0; from < rows; from += ROWS) reader.values(columns, from, Math.min(ROWS, rows - from));
      onRows?.(group.rowEnd, parquet.groups.at(-1)?.rowEnd ?? 0);
    }
    return reader.finish();
  } catch (error) {
    reader.discard();
    throw error;
  }
}

/** What the columns of the file are, as far as their values tell. */
export async function lookAtParquet(file: string, source: ByteSource): Promise<FirstLook> {
  const parquet = await openParquet(file, source);
  const { names } = parquet;
  const looker = tableLook(file, names, '.');
  const plain = names.filter((name) => parquet.problemOf(name) === undefined);
  for (const group of parquet.groups) {
    const columns = await valuesOf(parquet, plain, group);
    for (let row = 0; row < group.rowEnd - group.rowStart; row++)
      looker.add(
        columns.map((values, at) => (plain.includes(names[at] ?? '') ? valueText(values[row]) : '')),
      );
  }
  return looker.finish();
}

/** The values of the wanted columns, in the order of the header; of the others none. */
async function valuesOf(
  { names, values }: ParquetFile,
  wanted: readonly string[],
  group: RowRange,
): Promise<readonly ArrayLike<unknown>[]> {
  const columns: ArrayLike<unknown>[] = [];
  for (const name of names) columns.push(wanted.includes(name) ? await values(name, group) : []);
  return columns;
}
