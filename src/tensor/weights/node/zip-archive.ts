/**
 * The entries of a zip archive on a disk, with their places. Archives that mean different things to
 * different readers are refused: entries that overlap, that have the same name, or whose name leads
 * out of the archive. Node only.
 */
import { crc32, inflateRawSync } from 'node:zlib';
import { TensorError } from '../../../base/error.js';
import {
  checkDirectory,
  LOCAL_HEADER_BYTES,
  largeDirectory,
  localBytes,
  ZIP_TAIL_BYTES,
  type ZipDirectory,
  type ZipEntry,
  zipDirectory,
  zipEntries,
} from '../zip-entries.js';
import { readUpTo } from './tensor-source.js';

export interface ZippedFile extends ZipEntry {
  /** The byte of the archive at which its content begins. */
  readonly position: number;
}

export interface ZipArchive {
  readonly path: string;
  readonly fd: number;
  /** By name, without folders. */
  readonly files: ReadonlyMap<string, ZippedFile>;
}

/** @throws TensorError when it is damaged, or an entry is not what it seems */
export function openZip(path: string, fd: number, size: number): ZipArchive {
  const what = `"${path}"`;
  const read = (position: number, bytes: number) => readUpTo(fd, path, position, new Uint8Array(bytes));
  const tailBytes = Math.min(size, ZIP_TAIL_BYTES);
  let directory: ZipDirectory = zipDirectory(read(size - tailBytes, tailBytes), what);
  checkDirectory(directory, size, what);
  if (directory.isRecord) {
    directory = largeDirectory(read(directory.start, directory.bytes), what);
    checkDirectory(directory, size, what);
  }
  const files = new Map<string, ZippedFile>();
  let end = 0;
  let before = '';
  const entries = zipEntries(read(directory.start, directory.bytes), what);
  for (const entry of entries.sort((a, b) => a.headerStart - b.headerStart)) {
    const { name, headerStart, compressedBytes } = entry;
    checkName(name, what);
    if (files.has(name)) throw odd(what, `has two entries "${name}"`);
    if (headerStart < end) throw odd(what, `has entries that overlap: "${before}" and "${name}"`);
    const header = read(headerStart, LOCAL_HEADER_BYTES);
    const position = headerStart + localBytes(header, what);
    end = position + compressedBytes;
    if (end > directory.start) throw odd(what, `has an entry "${name}" that ends beyond its place`);
    if (!entry.isDeflated && compressedBytes !== entry.bytes) {
      throw odd(what, `has an entry "${name}" of ${compressedBytes} bytes, expected ${entry.bytes}`);
    }
    before = name;
    if (!name.endsWith('/')) files.set(name, { ...entry, position });
  }
  return { path, fd, files };
}

/**
 * The content of an entry, unpacked.
 * @throws TensorError when it is damaged, or has more than `most` bytes
 */
export function contentOf({ path, fd }: ZipArchive, file: ZippedFile, most: number): Uint8Array {
  const which = `"${file.name}" in "${path}"`;
  if (file.bytes > most) throw new TensorError(`${which} has ${file.bytes} bytes, expected at most ${most}`);
  // What cannot be compressed grows by a thousandth at most.
  if (file.compressedBytes > 2 * file.bytes + 1024) throw odd(which, 'grew by its compression');
  const damaged = (cause?: unknown) =>
    new TensorError(`${which} is damaged`, { hint: 'copy or download it again', cause });
  let content = readUpTo(fd, path, file.position, new Uint8Array(file.compressedBytes));
  try {
    if (file.isDeflated) content = inflateRawSync(content, { maxOutputLength: Math.max(1, file.bytes) });
  } catch (cause) {
    throw damaged(cause);
  }
  if (content.length !== file.bytes) {
    throw odd(which, `has ${content.length} bytes, expected ${file.bytes}`);
  }
  if (crc32(content) !== file.crc32) throw damaged();
  return content;
}

function checkName(name: string, what: string): void {
  const parts = name.split('/');
  const isSafe = !/[\\\0]|^[a-zA-Z]:/.test(name) && !name.startsWith('/') && !parts.includes('..');
  if (!isSafe || name === '') {
    throw odd(what, `has an entry ${JSON.stringify(name)}, expected a name within the archive`);
  }
}

const odd = (what: string, problem: string) =>
  new TensorError(`${what} ${problem}`, {
    hint: 'do not use it unless you trust its source; write it again',
  });
