/** The bytes of a table's file, piece by piece, unpacked if it is gzipped. Node only. */
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { reasonOf } from '../../../base/node/reason.js';
import { DataError, MissingDataError } from '../../error.js';

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
  const options = { hint: 'a CSV, TSV or Parquet file with names of columns' };
  if (found === undefined)
    throw new MissingDataError(`data: "${path}" is not there, expected a table`, options);
  if (!found.isFile()) throw new DataError(`data: "${path}" is a folder, expected a table`, options);
  return found.size;
}

/**
 * A piece is valid until the next one is asked for.
 * @throws DataError when there is no such file, or it cannot be read
 */
export async function* piecesOf(path: string): AsyncGenerator<FilePiece> {
  const of = await tableBytes(path);
  try {
    for await (const { piece, done } of path.endsWith('.gz') ? unpackedPieces(path) : plainPieces(path))
      yield { piece, done, of };
  } catch (cause) {
    throw new DataError(`data: "${path}" cannot be read: ${reasonOf(cause)}`, { cause });
  }
}

type Pieces = AsyncGenerator<Omit<FilePiece, 'of'>>;

/** While a piece is used, the next one is read into the other of two buffers. */
async function* plainPieces(path: string): Pieces {
  const file = await open(path);
  let [now, next] = [new Uint8Array(PIECE_BYTES), new Uint8Array(PIECE_BYTES)];
  let reading = file.read(now);
  try {
    for (let done = 0; ; [now, next] = [next, now]) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      done += bytesRead;
      reading = file.read(next);
      // What has failed is said when this piece has been used.
      reading.catch(() => undefined);
      yield { piece: now.subarray(0, bytesRead), done };
    }
  } finally {
    await reading.catch(() => undefined);
    await file.close();
  }
}

async function* unpackedPieces(path: string): Pieces {
  const file = createReadStream(path, { highWaterMark: PIECE_BYTES });
  const bytes = file.pipe(createGunzip({ chunkSize: PIECE_BYTES }));
  // An error of the file alone would end the process.
  file.on('error', (error) => bytes.destroy(error));
  try {
    for await (const piece of bytes) yield { piece: piece as Uint8Array, done: file.bytesRead };
  } finally {
    file.destroy();
  }
}
