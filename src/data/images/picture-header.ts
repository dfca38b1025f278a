/**
 * Reads the format of a picture from its first bytes, and its size in pixels, without decoding it.
 * @see https://www.w3.org/TR/png-3/#11IHDR, https://www.w3.org/Graphics/JPEG/itu-t81.pdf (B.2.2)
 */

/** The bytes from `start` to `end`; fewer at the end of the file. */
export type ReadBytes = (start: number, end: number) => Promise<Uint8Array>;

export interface PictureHeader {
  readonly format: 'png' | 'jpeg';
  /** As stored: a photograph may have to be turned. */
  readonly width: number;
  readonly height: number;
}

/** Formats that people mistake for PNG or JPEG, by their first bytes; a dot stands for any byte. */
const others: readonly (readonly [format: string, pattern: RegExp])[] = [
  ['gif', /^GIF8/],
  ['webp', /^RIFF....WEBP/s],
  ['heif', /^....ftyp(heic|heix|mif1|msf1)/s],
  ['avif', /^....ftypavif/s],
  ['tiff', /^(II\*\0|MM\0\*)/],
  ['bmp', /^BM/],
  ['svg', /^\s*(<\?xml[^>]*>\s*)?<svg/],
  ['pdf', /^%PDF/],
];

const windowBytes = 65_536;
const pngSignature = '\x89PNG\r\n\x1a\n';

/**
 * @returns the name of another format; undefined when it is not a picture, or its header is cut
 * short
 */
export async function pictureHeader(read: ReadBytes): Promise<PictureHeader | string | undefined> {
  const head = await read(0, windowBytes);
  const text = String.fromCharCode(...head.subarray(0, 64));
  if (text.startsWith(pngSignature)) return pngHeader(head);
  if (text.startsWith('\xff\xd8\xff')) return jpegHeader(head, read);
  return others.find(([, pattern]) => pattern.test(text))?.[0];
}

function pngHeader(head: Uint8Array): PictureHeader | undefined {
  if (head.length < 24) return undefined;
  const view = viewOf(head);
  return { format: 'png', width: view.getUint32(16), height: view.getUint32(20) };
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
