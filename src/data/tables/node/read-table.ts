/** Reads one table from a file, piece by piece. Node only. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { createGunzip } from 'node:zlib';
import { CommonweightError } from '../../../base/error.js';
import { reasonOf } from '../../../base/node/reason.js';
import { DataError } from '../../error.js';
import type { OnDataProgress } from '../../progress.js';
import type { TableSettings, TableSpec } from '../column-specs.js';
import type { ReadTable } from '../table-reader.js';
import { textTableReader } from '../text-table.js';

export interface ReadTableOptions extends Pick<TableSettings, 'separator' | 'decimal' | 'encoding'> {
  readonly onNotice?: ((notice: string) => void) | undefined;
  readonly onProgress?: OnDataProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

const PIECE_BYTES = 2 ** 20;

/**
 * @throws DataError when there is no such file, it is no table, or has other columns or cells than
 * expected; the signal's reason when it is aborted
 */
export async function readTable(
  path: string,
  spec: TableSpec,
  options: ReadTableOptions,
): Promise<ReadTable> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) {
    throw new DataError(
      `data: "${path}" is ${found === undefined ? 'not there' : 'a folder'}, expected a table`,
      {
        hint: 'a CSV or TSV file with a header',
      },
    );
  }
  const { signal, onProgress } = options;
  const table = textTableReader(basename(path), spec, options);
  const file = createReadStream(path, { highWaterMark: PIECE_BYTES });
  const bytes = path.endsWith('.gz') ? file.pipe(createGunzip({ chunkSize: PIECE_BYTES })) : file;
  // An error of the file alone would end the process.
  file.on('error', (error) => bytes.destroy(error));
  const what = `table "${path}"`;
  try {
    for await (const piece of bytes as AsyncIterable<Uint8Array>) {
      signal?.throwIfAborted();
      table.push(piece);
      onProgress?.({ what, done: file.bytesRead, of: found.size });
    }
  } catch (cause) {
    if (signal?.aborted || cause instanceof CommonweightError) throw cause;
    throw new DataError(`data: "${path}" cannot be read: ${reasonOf(cause)}`, { cause });
  } finally {
    file.destroy();
  }
  return table.finish();
}
