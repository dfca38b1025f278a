/**
 * A range of the bytes of a file, which may be compressed: read in pieces, so that a file may be
 * larger than memory.
 */
import { reasonOf } from '../../base/node/reason.js';
import { DataError } from '../error.js';

/** A file on a disk, or one that was chosen in a page. */
export interface ByteFile {
  readonly path: string;
  readonly size: number;
  /**
   * The bytes from `start` on; fewer if the file ends before.
   * @throws DataError when the file cannot be read
   */
  read(start: number, length: number): Promise<Uint8Array>;
  /** The same, piece by piece; unpacked if they are deflated. */
  pieces(start: number, length: number, isDeflated: boolean): AsyncIterable<Uint8Array>;
  /** The checksum of a zip archive, by the fastest means that there is. */
  crc32(bytes: Uint8Array, before: number): number;
}

export interface ByteRange {
  readonly file: ByteFile;
  readonly start: number;
  /** Bytes in the file. */
  readonly length: number;
  /** What is inside if it is compressed or has a checksum. */
  readonly inside?: { readonly isDeflated: boolean; readonly bytes: number; readonly crc32: number };
}

/** Bytes that are read. */
export const bytesIn = ({ length, inside }: ByteRange): number => inside?.bytes ?? length;

/**
 * The bytes from `from` on, in pieces of a multiple of `width`, but for the last.
 * @param what names the range in errors
 * @throws DataError when the bytes are damaged or cut short; that shows after the last piece
 */
export async function* bytePieces(
  range: ByteRange,
  what: string,
  from = 0,
  width = 1,
): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array(0);
  let skip = from;
  for await (const piece of checkedBytes(range, what)) {
    const skipped = Math.min(skip, piece.length);
    skip -= skipped;
    const bytes = rest.length === 0 ? piece.subarray(skipped) : joined(rest, piece.subarray(skipped));
    const whole = bytes.length - (bytes.length % width);
    if (whole > 0) yield bytes.subarray(0, whole);
    rest = new Uint8Array(bytes.subarray(whole));
  }
  if (rest.length > 0) yield rest;
}

/** The first bytes of the range, as many as there are. */
export async function firstBytes(range: ByteRange, what: string, most: number): Promise<Uint8Array> {
  let first: Uint8Array = new Uint8Array(0);
  for await (const piece of checkedBytes(range, what)) {
    first = joined(first, piece);
    if (first.length >= most) break;
  }
  return first.subarray(0, most);
}

async function* checkedBytes(
  { file, start, length, inside }: ByteRange,
  what: string,
): AsyncGenerator<Uint8Array> {
  if (length === 0) return;
  const expected = inside?.bytes ?? length;
  let [bytes, checksum] = [0, 0];
  try {
    for await (const piece of file.pieces(start, length, inside?.isDeflated ?? false)) {
      bytes += piece.length;
      if (bytes > expected) break;
      if (inside !== undefined) checksum = file.crc32(piece, checksum);
      yield piece;
    }
  } catch (cause) {
    throw new DataError(`data: ${what} cannot be read: ${reasonOf(cause)}`, {
      cause,
      hint: 'write the file again',
    });
  }
  if (bytes !== expected) {
    throw new DataError(
      `data: ${what} has ${bytes > expected ? 'more than ' : ''}${Math.min(bytes, expected)} bytes, expected ${expected}`,
      { hint: 'write the file again' },
    );
  }
  if (inside !== undefined && checksum !== inside.crc32) {
    throw new DataError(`data: ${what} is damaged: its checksum is ${checksum}, expected ${inside.crc32}`, {
      hint: 'write the file again',
    });
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
