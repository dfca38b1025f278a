/** The bytes of a table's file, piece by piece, unpacked if it is gzipped. Node only. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { reasonOf } from '../../../base/node/reason.js';
import { DataError } from '../../error.js';

export interface FilePiece {
  readonly piece: Uint8Array;
  /** How many bytes of the file have been read, of how many. */
  readonly done: number;
  readonly of: number;
}

const PIECE_BYTES = 2 ** 20;

/**
 * How many bytes the file of a table has.
 * @throws DataError when there is no such file
 */
export async function tableBytes(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) {
    throw new DataError(
      `data: "${path}" is ${found === undefined ? 'not there' : 'a folder'}, expected a table`,
      {
        hint: 'a CSV, TSV or Parquet file with names of columns',
      },
    );
  }
  return found.size;
}

/** @throws DataError when there is no such file, or it cannot be read */
export async function* piecesOf(path: string): AsyncGenerator<FilePiece> {
  const of = await tableBytes(path);
  const file = createReadStream(path, { highWaterMark: PIECE_BYTES });
  const bytes = path.endsWith('.gz') ? file.pipe(createGunzip({ chunkSize: PIECE_BYTES })) : file;
  // An error of the file alone would end the process.
  file.on('error', (error) => bytes.destroy(error));
  const pieces = (bytes as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  const failed = (cause: unknown) => {
    throw new DataError(`data: "${path}" cannot be read: ${reasonOf(cause)}`, { cause });
  };
  try {
    for (;;) {
      const { done, value } = await pieces.next().catch(failed);
      if (done) return;
      yield { piece: value, done: file.bytesRead, of };
    }
  } finally {
    file.destroy();
  }
}
