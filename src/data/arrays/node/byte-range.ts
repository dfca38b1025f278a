/**
 * A range of the bytes of a file, which may be compressed: read in pieces, so that a file may be
 * larger than memory. Node only.
 */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { reasonOf } from '../../../base/node/reason.js';
import { DataError } from '../../error.js';

export interface ByteRange {
  readonly path: string;
  readonly start: number;
  /** Bytes in the file. */
  readonly length: number;
  /** What is inside if it is compressed or has a checksum. */
  readonly inside?: { readonly isDeflated: boolean; readonly bytes: number; readonly crc32: number };
}

/** Bytes that are read. */
export const bytesIn = ({ length, inside }: ByteRange): number => inside?.bytes ?? length;

/** @throws DataError when the file cannot be read */
export async function readBytes(path: string, start: number, length: number): Promise<Uint8Array> {
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
  { path, start, length, inside }: ByteRange,
  what: string,
): AsyncGenerator<Uint8Array> {
  if (length === 0) return;
  const file = createReadStream(path, { start, end: start + length - 1, highWaterMark: 2 ** 20 });
  const inflating = inside?.isDeflated ? createInflateRaw({ chunkSize: 2 ** 18 }) : undefined;
  if (inflating !== undefined) {
    file.on('error', (error) => inflating.destroy(error));
    file.pipe(inflating);
  }
  const expected = inside?.bytes ?? length;
  let [bytes, checksum] = [0, 0];
  try {
    for await (const piece of inflating ?? file) {
      bytes += piece.length;
      if (bytes > expected) break;
      if (inside !== undefined) checksum = crc32(piece, checksum);
      yield piece;
    }
  } catch (cause) {
    throw new DataError(`data: ${what} cannot be read: ${reasonOf(cause)}`, {
      cause,
      hint: 'write the file again',
    });
  } finally {
    file.destroy();
    inflating?.destroy();
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

const cannotRead = (path: string, cause: unknown) =>
  new DataError(`data: "${path}" cannot be read: ${reasonOf(cause)}`, { cause });
