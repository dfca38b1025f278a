/** Files of data, in Node: read with or without gzip, and digested. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { reasonOf } from '../../../base/node/reason.js';
import { DataError } from '../../error.js';
import { damagedGzip } from '../gzip-damage.js';

/** Above this a file is no data set of bytes that fits in memory, but perhaps a gzip bomb. */
const largestBytes = 2 ** 32 - 1;

/** The bytes of a file, decompressed where they are gzip, whatever the file is called. */
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
 * Gzip is one member or several, and may have zeros behind it, as tapes and block devices leave
 * them; nothing else. A page has the same rule (`page-gzip.ts`).
 * @param maxBytes the most bytes to expand to.
 * @throws DataError naming `file` when the gzip stream is damaged, has something behind it, or
 *   expands to more.
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

/** The bytes, and how many of the compressed ones were read for them. */
async function gunzipped(bytes: Uint8Array, maxOutputLength: number) {
  // With `info`, which the types leave out, the result has the engine beside the bytes.
  const result: unknown = await promisify(gunzip)(bytes, { maxOutputLength, info: true });
  const { buffer, engine } = result as { buffer: Uint8Array; engine: { bytesWritten: number } };
  return { buffer, read: engine.bytesWritten };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
