/**
 * Reads the format of a picture from its first bytes, and its size in pixels, without decoding it.
 * @see https://www.w3.org/TR/png-3/#11IHDR, https://www.w3.org/Graphics/JPEG/itu-t81.pdf (B.2.2),
 * https://www.w3.org/Graphics/GIF/spec-gif89a.txt (18), https://www.rfc-editor.org/rfc/rfc9649,
 * https://aomediacodec.github.io/av1-avif/
 */
import { bitmapHeader } from './bmp.js';

/** The bytes from `start` to `end`; fewer at the end of the file. */
export type ReadBytes = (start: number, end: number) => Promise<Uint8Array>;

export interface PictureHeader {
  readonly format: 'png' | 'jpeg' | 'gif' | 'webp' | 'avif' | 'bmp';
  /** As stored: a photograph may have to be turned. */
  readonly width: number;
  readonly height: number;
}

type ReadHead = (head: Uint8Array) => PictureHeader | undefined;

/** By the first bytes; a dot stands for any byte. */
const formats: readonly (readonly [pattern: RegExp, read: ReadHead])[] = [
  [/^\x89PNG\r\n.\n/s, pngHeader],
  [/^GIF8/, gifHeader],
  [/^RIFF....WEBP/s, webpHeader],
  [/^....ftypavi[fs]/s, avifHeader],
  [/^BM/, bmpHeader],
];

/** Formats whose size is not read here. */
const others: readonly (readonly [format: string, pattern: RegExp])[] = [
  ['heif', /^....ftyp(heic|heix|mif1|msf1)/s],
  ['tiff', /^(II\*\0|MM\0\*)/],
  ['svg', /^\s*(<\?xml[^>]*>\s*)?<svg/],
  ['pdf', /^%PDF/],
];

const windowBytes = 65_536;

/**
 * @returns the name of another format; undefined when it is not a picture, or its header is cut
 * short
 */
export async function pictureHeader(read: ReadBytes): Promise<PictureHeader | string | undefined> {
  const head = await read(0, windowBytes);
  const text = String.fromCharCode(...head.subarray(0, 64));
  if (text.startsWith('\xff\xd8\xff')) return jpegHeader(head, read);
  const found = formats.find(([pattern]) => pattern.test(text));
  if (found !== undefined) return found[1](head);
  return others.find(([, pattern]) => pattern.test(text))?.[0];
}

function pngHeader(head: Uint8Array): PictureHeader | undefined {
  if (head.length < 24) return undefined;
  const view = viewOf(head);
  return { format: 'png', width: view.getUint32(16), height: view.getUint32(20) };
}

function gifHeader(head: Uint8Array): PictureHeader | undefined {
  if (head.length < 10) return undefined;
  const view = viewOf(head);
  return { format: 'gif', width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

/** Lossy, lossless, or extended, which says the size of the whole canvas. */
function webpHeader(head: Uint8Array): PictureHeader | undefined {
  if (head.length < 30) return undefined;
  const view = viewOf(head);
  const kind = String.fromCharCode(...head.subarray(12, 16));
  if (kind === 'VP8X') {
    const [width, height] = [view.getUint32(24, true) & 0xffffff, view.getUint32(26, true) >>> 8];
    return { format: 'webp', width: 1 + width, height: 1 + height };
  }
  if (kind === 'VP8L') {
    const bits = view.getUint32(21, true);
    return { format: 'webp', width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
  }
  const side = (offset: number) => view.getUint16(offset, true) & 0x3fff;
  return { format: 'webp', width: side(26), height: side(28) };
}

/** The largest of the pictures in the file: others are its alpha channel, tiles or thumbnails. */
function avifHeader(head: Uint8Array): PictureHeader | undefined {
  const view = viewOf(head);
  let largest: PictureHeader | undefined;
  for (let at = 0; at + 16 <= head.length; at++) {
    // The box "ispe": version and flags, width, height.
    if (view.getUint32(at) !== 0x69737065) continue;
    const [width, height] = [view.getUint32(at + 8), view.getUint32(at + 12)];
    if (largest === undefined || width * height > largest.width * largest.height) {
      largest = { format: 'avif', width, height };
    }
  }
  return largest;
}

function bmpHeader(head: Uint8Array): PictureHeader | undefined {
  const header = bitmapHeader(head);
  return header && { format: 'bmp', width: header.width, height: header.height };
}

/** Goes from segment to segment until one begins a frame. */
async function jpegHeader(head: Uint8Array, read: ReadBytes): Promise<PictureHeader | undefined> {
  let bytes = head;
  let start = 0;
  for (let offset = 2; ; ) {
    if (offset + 9 > start + bytes.length) {
      bytes = await read(offset, offset + windowBytes);
      start = offset;
    }
    const segment = bytes.subarray(offset - start);
    if (segment.length < 9 || segment[0] !== 0xff) return undefined;
    const marker = segment[1] as number;
    const view = viewOf(segment);
    if (isFrame(marker)) return { format: 'jpeg', width: view.getUint16(7), height: view.getUint16(5) };
    // A marker may be preceded by any number of fill bytes.
    offset += marker === 0xff ? 1 : 2 + view.getUint16(2);
  }
}

/** SOF0 to SOF15, except for the tables among them: DHT, JPG, DAC. */
const isFrame = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
