/**
 * The bytes of a text file as UTF-8, whatever its encoding: UTF-8 and UTF-16 by their marks or
 * their first bytes, Latin-1 where settings say so. Bytes that are not text in the encoding are an
 * error that names the line.
 */
import { DataError } from '../error.js';
import { refuseForeignTable } from './foreign-table.js';

export type TextEncodingName = 'utf-8' | 'latin-1';

export interface TextBytes {
  push(chunk: Uint8Array): Uint8Array;
  /** @throws DataError when the last character is cut off */
  end(): Uint8Array;
}

const LF = 0x0a;

/**
 * @param first the first bytes of the file, which decide
 * @throws DataError when they are not of a text
 */
export function textBytes(file: string, first: Uint8Array, declared?: TextEncodingName): TextBytes {
  refuseForeignTable(file, first);
  return utf8Bytes(file, first, declared);
}

/** The same, of any text. */
export function utf8Bytes(file: string, first: Uint8Array, declared: TextEncodingName = 'utf-8'): TextBytes {
  const utf16 = utf16Of(first);
  if (utf16 !== undefined) return converted(file, utf16, `UTF-16`);
  const isUtf8 = declared === 'utf-8' || (first[0] === 0xef && first[1] === 0xbb && first[2] === 0xbf);
  return isUtf8 ? checkedUtf8(file) : converted(file, 'windows-1252', 'Latin-1');
}

/** By the mark, or by zeros in every second place, as Latin letters have them. */
function utf16Of(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const some = bytes.subarray(0, 64);
  const zeros = (odd: number) => some.filter((byte, at) => at % 2 === odd && byte === 0).length;
  if (some.length < 4) return undefined;
  const half = Math.floor(some.length / 2);
  if (zeros(1) > 0.8 * half && zeros(0) === 0) return 'utf-16le';
  return zeros(0) > 0.8 * half && zeros(1) === 0 ? 'utf-16be' : undefined;
}

function converted(file: string, encoding: string, name: string): TextBytes {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const encoder = new TextEncoder();
  let line = 1;
  const decode = (chunk?: Uint8Array) => {
    try {
      const bytes = encoder.encode(
        chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true }),
      );
      line += linesIn(bytes);
      return bytes;
    } catch (cause) {
      throw new DataError(`data: "${file}", line ${line} or later: bytes that are not ${name}`, { cause });
    }
  };
  return { push: decode, end: () => decode() };
}

/** Passes the bytes on, without the mark, if they are UTF-8. */
function checkedUtf8(file: string): TextBytes {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  let isFirst = true;
  // Plain letters need no check, as long as nothing else has come.
  let isPlain = true;
  const fail = (chunk: Uint8Array, cause: unknown) =>
    new DataError(
      `data: "${file}", line ${line + linesToBad(chunk)}: bytes that are not UTF-8, as the lines before are`,
      {
        cause,
        hint: 'save the file in one encoding; if it is all in Latin-1, set "data.encoding" to latin-1',
      },
    );
  return {
    push(chunk) {
      const plainLines = isPlain ? linesInPlain(chunk) : undefined;
      isPlain = plainLines !== undefined;
      try {
        if (!isPlain) decoder.decode(chunk, { stream: true });
      } catch (cause) {
        throw fail(chunk, cause);
      }
      line += plainLines ?? linesIn(chunk);
      const hasMark = isFirst && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf;
      isFirst = false;
      return hasMark ? chunk.subarray(3) : chunk;
    },
    end() {
      try {
        decoder.decode();
      } catch (cause) {
        throw fail(new Uint8Array(0), cause);
      }
      return new Uint8Array(0);
    },
  };
}

/** How many lines end here; undefined if a byte is above 127. */
function linesInPlain({ buffer, byteOffset, length }: Uint8Array): number | undefined {
  const aligned = length < 8 ? length : (4 - (byteOffset % 4)) % 4;
  const count = Math.floor((length - aligned) / 4);
  const [first, last] = [byteOffset + aligned, byteOffset + aligned + 4 * count];
  const ends = [
    new Uint8Array(buffer, byteOffset, aligned),
    new Uint8Array(buffer, last, byteOffset + length - last),
  ];
  if (ends.some((rest) => rest.some((byte) => byte > 127))) return undefined;
  const lines = count === 0 ? 0 : linesInWords(new Int32Array(buffer, first, count));
  return lines < 0 ? undefined : ends.reduce((sum, rest) => sum + linesIn(rest), lines);
}

/** The top bit of each of four bytes. */
const TOPS = 0x80808080 | 0;

/** How many lines end in words of four bytes; −1 if a byte is above 127. */
function linesInWords(words: Int32Array): number {
  let high = 0;
  let lines = 0;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as number;
    high |= word;
    // Of a byte up to 127, the top bit of this sum is 0 only if it was a line feed.
    const tops = (((word ^ 0x0a0a0a0a) & 0x7f7f7f7f) + 0x7f7f7f7f) & TOPS;
    if (tops !== TOPS) {
      lines += 4 - ((tops >>> 7) & 1) - ((tops >>> 15) & 1) - ((tops >>> 23) & 1) - ((tops >>> 31) & 1);
    }
  }
  return (high & TOPS) === 0 ? lines : -1;
}

function linesIn(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === LF) lines++;
  return lines;
}

/** How many lines of a piece are right before the first that is not. */
function linesToBad(bytes: Uint8Array): number {
  const strict = new TextDecoder('utf-8', { fatal: true });
  let lines = 0;
  let start = 0;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    try {
      // The first bytes of a piece may be the rest of a character.
      const text = bytes.subarray(start, at);
      const from = lines === 0 ? text.findIndex((byte) => (byte & 0xc0) !== 0x80) : 0;
      strict.decode(text.subarray(Math.max(0, from)));
    } catch {
      return lines;
    }
    lines++;
    start = at + 1;
  }
  return lines;
}
