/** Reads data files in Node, with or without gzip, and computes their digests. */
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { reasonOf } from '../../../base/node/reason.js';
import { DataError } from '../../error.js';
import { damagedGzip } from '../gzip-damage.js';

/** A larger file does not fit in memory as a data set of bytes; it may be a gzip bomb. */
const largestBytes = 2 ** 32 - 1;

/** The bytes of a file, decompressed if its content is gzip, whatever its name. */
export async function readDataFile(path: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new DataError(`data: cannot read "${path}": ${reasonOf(cause)}`, { cause });
  }
  return decompressed(path, bytes);
}

/**
 * Decompresses gzip: one member or several, perhaps followed by zeros, as tapes and block devices
 * leave them. Nothing else may follow. Pages have the same rule (`page-gzip.ts`).
 * @param maxBytes the most bytes to expand to.
 * @throws DataError naming `file` when the stream is damaged, expands to more, or is followed by
 * other bytes.
 */
export async function decompressed(
  file: string,
  bytes: Uint8Array,
  maxBytes = largestBytes,
): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const { buffer, read } = await gunzipped(bytes, maxBytes).catch((cause: unknown) => {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE') {
      throw new DataError(`data: "${file}" expands to more than ${maxBytes} bytes, expected at most that`, {
        cause,
      });
    }
    throw damagedGzip(file, reasonOf(cause), cause);
  });
  // Node stops at the first zero, whatever follows.
  const stray = bytes.subarray(read).findIndex((byte) => byte !== 0);
  if (stray !== -1) throw damagedGzip(file, `unexpected bytes behind its zeros, at ${read + stray}`);
  return buffer;
}

/** The bytes, and how many compressed bytes were read for them. */
async function gunzipped(bytes: Uint8Array, maxOutputLength: number) {
  // With `info`, which the types omit, the result also has the engine.
  const result: unknown = await promisify(gunzip)(bytes, { maxOutputLength, info: true });
  const { buffer, engine } = result as { buffer: Uint8Array; engine: { bytesWritten: number } };
  return { buffer, read: engine.bytesWritten };
}
