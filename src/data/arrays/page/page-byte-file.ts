/** A file that was chosen in a page, whose bytes are read in parts. For pages. */
import { type PageFile, readPageFile } from '../../page/page-files.js';
import type { ByteFile } from '../byte-range.js';

const PIECE_BYTES = 2 ** 20;

export const pageByteFile = (chosen: PageFile): ByteFile => ({
  ...{ path: chosen.path, size: chosen.file.size, crc32 },
  read: (start, length) => readPageFile(chosen, start, start + length),
  pieces: (start, length, isDeflated) =>
    isDeflated ? inflated(chosen, start, length) : storedPieces(chosen, start, length),
});

async function* storedPieces(chosen: PageFile, start: number, length: number): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < length; done += PIECE_BYTES) {
    yield await readPageFile(chosen, start + done, start + Math.min(length, done + PIECE_BYTES));
  }
}

async function* inflated({ file }: PageFile, start: number, length: number): AsyncGenerator<Uint8Array> {
  const packed = file.slice(start, start + length).stream();
  // Not every browser iterates over a stream.
  const reader = packed.pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** The remainders of all bytes by the polynomial of zip and gzip. */
const remainders = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** @see RFC 1952, section 8: browsers compute it of whole gzip files only */
function crc32(bytes: Uint8Array, before: number): number {
  let crc = ~before;
  for (const byte of bytes) crc = (crc >>> 8) ^ (remainders[(crc ^ byte) & 0xff] as number);
  return ~crc >>> 0;
}
