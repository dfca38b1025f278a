/** Files of data, in Node: read with or without gzip, digested, and written whole or not at all. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
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

/** Writes a file so that, whenever the machine stops, it is there complete or not at all. */
export async function writeFileWhole(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.part`;
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** One line that says why, in words where the system gives a code only. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : '';
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'permission denied',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of the path is a file',
    ENOSPC: 'no space is left on the disk',
    EDQUOT: 'no more space is allowed to this user',
    EFBIG: 'it would be larger than the system allows',
    EIO: 'the disk has failed',
    EROFS: 'the disk is read-only',
  };
  const known = words[code];
  if (known !== undefined) return known;
  return error instanceof Error ? (error.message.split('\n')[0] ?? code) : String(error);
}
