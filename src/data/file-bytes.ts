/** Files of data, in Node: read with or without gzip, and digested. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { reasonOf } from '../files/reason.js';
import { DataError } from './error.js';

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
 * @param maxBytes the most bytes to expand to.
 * @throws DataError naming `file` when the gzip stream is damaged or expands to more.
 */
export async function decompressed(
  file: string,
  bytes: Uint8Array,
  maxBytes = largestBytes,
): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    throw new DataError(`data: "${file}" is truncated or damaged (gzip: ${reasonOf(cause)})`, {
      cause,
      hint: 'copy or download the file again',
    });
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
