/** Reads one table from a file, piece by piece. Node only. */
import { basename } from 'node:path';
import { isParquet } from '../../parquet/parquet-file.js';
import type { OnDataProgress } from '../../progress.js';
import type { TableSettings, TableSpec } from '../column-specs.js';
import { readParquet } from '../parquet/parquet-table.js';
import type { ReadTable, TableReaderOptions } from '../table-reader.js';
import { textTableReader } from '../text-table.js';
import { piecesOf } from './file-pieces.js';
import { withParquet } from './parquet-source.js';

/** Fewer bytes than these are read in a moment. */
const MANY_BYTES = 2 ** 24;
const MANY_ROWS = 2 ** 18;

export interface ReadTableOptions
  extends Pick<TableSettings, 'separator' | 'decimal' | 'encoding'>,
    Pick<TableReaderOptions, 'onNotice' | 'forPredictions' | 'paging'> {
  readonly onProgress?: OnDataProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * @throws DataError when there is no such file, it is no table, or has other columns or cells than
 * expected; the signal's reason when it is aborted
 */
export async function readTable(
  path: string,
  spec: TableSpec,
  options: ReadTableOptions,
): Promise<ReadTable> {
  const { signal, onProgress } = options;
  if (isParquet(path)) {
    const onRows = (done: number, of: number) => {
      if (of > MANY_ROWS) onProgress?.({ what: `rows of "${path}"`, done, of });
    };
    return withParquet(path, (source) => readParquet(basename(path), source, spec, { ...options, onRows }));
  }
  const table = textTableReader(basename(path), spec, options);
  let isExpected = false;
  const what = `bytes of "${path}"`;
  try {
    for await (const { piece, done, of } of piecesOf(path)) {
      signal?.throwIfAborted();
      table.push(piece);
      if (!isExpected && of > MANY_BYTES) table.expect(done / of);
      isExpected = true;
      if (of > MANY_BYTES) onProgress?.({ what, done, of });
    }
    return table.finish();
  } catch (error) {
    table.discard();
    throw error;
  }
}
