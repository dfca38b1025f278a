/**
 * The entries of a zip archive, such as a `.npz` or a `.pt` file: read from the directory at its
 * end.
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
import { TensorError } from '../../base/error.js';

export interface ZipEntry {
  readonly name: string;
  /** Compressed by deflate, or stored as it is. */
  readonly isDeflated: boolean;
  readonly crc32: number;
  readonly compressedBytes: number;
  readonly bytes: number;
  /** Where its local header begins. */
  readonly headerStart: number;
}

/** The directory's end has at most this many bytes: its comment may have 65,535. */
export const ZIP_TAIL_BYTES = 65_535 + 22 + 20;
export const LOCAL_HEADER_BYTES = 30;
/** More than the directory of half a million entries. */
export const MOST_DIRECTORY_BYTES = 32 * 2 ** 20;

const [LOCAL, CENTRAL, END, END_64, LOCATOR_64] = [
  0x04034b50, 0x02014b50, 0x06054b50, 0x06064b50, 0x07064b50,
];
const MAX = 0xffffffff;

/** Where the directory lies in the file, or where its record for large files does. */
export interface ZipDirectory {
  readonly start: number;
  readonly bytes: number;
  /** The record has to be read, by `largeDirectory`, before its directory is known. */
  readonly isRecord: boolean;
}

/**
 * @param tail the last bytes of the file
 * @throws TensorError when it is not a zip archive
 */
export function zipDirectory(tail: Uint8Array, what: string): ZipDirectory {
  const view = viewOf(tail);
  for (let at = tail.length - 22; at >= 0; at--) {
    if (view.getUint32(at, true) !== END) continue;
    const [bytes, start] = [view.getUint32(at + 12, true), view.getUint32(at + 16, true)];
    const isLarge =
      (start === MAX || bytes === MAX) && at >= 20 && view.getUint32(at - 20, true) === LOCATOR_64;
    return isLarge
      ? { start: Number(view.getBigUint64(at - 12, true)), bytes: 56, isRecord: true }
      : { start, bytes, isRecord: false };
  }
  throw new TensorError(
    `${what} is not a zip archive, or is cut short: it has no directory at its end`,
    again,
  );
}

export function largeDirectory(record: Uint8Array, what: string): ZipDirectory {
  const view = viewOf(record);
  if (record.length < 56 || view.getUint32(0, true) !== END_64) throw damaged(what);
  return {
    start: Number(view.getBigUint64(48, true)),
    bytes: Number(view.getBigUint64(40, true)),
    isRecord: false,
  };
}

/** @throws TensorError unless the directory lies in a file of this size, and is not too large */
export function checkDirectory({ start, bytes }: ZipDirectory, fileBytes: number, what: string): void {
  if (start + bytes > fileBytes) {
    throw new TensorError(
      `${what} is cut short: its directory ends at ${start + bytes}, and it has ${fileBytes} bytes`,
      again,
    );
  }
  if (bytes > MOST_DIRECTORY_BYTES) {
    throw new TensorError(
      `${what} has a directory of ${bytes} bytes, expected at most ${MOST_DIRECTORY_BYTES}`,
    );
  }
}

/**
 * @throws TensorError when the directory is damaged, or an entry is encrypted or oddly compressed
 */
export function zipEntries(directory: Uint8Array, what: string): ZipEntry[] {
  const view = viewOf(directory);
  const entries: ZipEntry[] = [];
  for (let at = 0; at < directory.length; ) {
    if (directory.length - at < 46 || view.getUint32(at, true) !== CENTRAL) throw damaged(what);
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    const [nameBytes, extraBytes] = [view.getUint16(at + 28, true), view.getUint16(at + 30, true)];
    const extraStart = at + 46 + nameBytes;
    if (extraStart + extraBytes > directory.length) throw damaged(what);
    const name = new TextDecoder().decode(directory.subarray(at + 46, extraStart));
    if ((flags & 1) !== 0 || (method !== 0 && method !== 8)) {
      throw new TensorError(
        `"${name}" in ${what} is ${flags & 1 ? 'encrypted' : `compressed by method ${method}`}, expected stored or deflated`,
      );
    }
    const large = largeFields(view, extraStart, extraStart + extraBytes);
    const field = (offset: number) => {
      const value = view.getUint32(at + offset, true);
      return value === MAX ? (large.shift() ?? value) : value;
    };
    const [bytes, compressedBytes, headerStart] = [field(24), field(20), field(42)];
    entries.push({
      name,
      isDeflated: method === 8,
      crc32: view.getUint32(at + 16, true),
      compressedBytes,
      bytes,
      headerStart,
    });
    at = extraStart + extraBytes + view.getUint16(at + 32, true);
  }
  return entries;
}

/** The sizes and places beyond 32 bits, in the order of the fields that they stand for. */
function largeFields(view: DataView, start: number, end: number): number[] {
  for (let at = start; at + 4 <= end; ) {
    const [id, length] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    if (id === 1 && at + 4 + length <= end) {
      return Array.from({ length: length >> 3 }, (_, k) => Number(view.getBigUint64(at + 4 + 8 * k, true)));
    }
    at += 4 + length;
  }
  return [];
}

/** Bytes from the local header to the entry's own. */
export function localBytes(header: Uint8Array, what: string): number {
  const view = viewOf(header);
  if (header.length < LOCAL_HEADER_BYTES || view.getUint32(0, true) !== LOCAL) throw damaged(what);
  return LOCAL_HEADER_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const again = { hint: 'copy, download or write the file again' };
const damaged = (what: string) => new TensorError(`the directory of ${what} is damaged`, again);
