/** A file on a disk whose bytes are read in parts. Node only. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { reasonOf } from '../../../base/node/reason.js';
import { DataError } from '../../error.js';
import type { ByteFile } from '../byte-range.js';

export const byteFile = (path: string, size: number): ByteFile => ({
  ...{ path, size, crc32 },
  read: (start, length) => readBytes(path, start, length),
  pieces: (start, length, isDeflated) => piecesOf(path, start, length, isDeflated),
});

async function readBytes(path: string, start: number, length: number): Promise<Uint8Array> {
  const file = await open(path).catch((cause) => {
    throw cannotRead(path, cause);
  });
  try {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await file.read(bytes, done, length - done, start + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return bytes.subarray(0, done);
  } catch (cause) {
    throw cannotRead(path, cause);
  } finally {
    await file.close();
  }
}

async function* piecesOf(
  path: string,
  start: number,
  length: number,
  isDeflated: boolean,
): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { start, end: start + length - 1, highWaterMark: 2 ** 20 });
  const inflating = isDeflated ? createInflateRaw({ chunkSize: 2 ** 18 }) : undefined;
  if (inflating !== undefined) {
    file.on('error', (error) => inflating.destroy(error));
    file.pipe(inflating);
  }
  try {
    yield* inflating ?? file;
  } finally {
    file.destroy();
    inflating?.destroy();
  }
}

const cannotRead = (path: string, cause: unknown) =>
  new DataError(`data: "${path}" cannot be read: ${reasonOf(cause)}`, { cause });
