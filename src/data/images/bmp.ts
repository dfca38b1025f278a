/**
 * Reads a bitmap of Windows (BMP), which libvips does not: uncompressed, with 1, 4, 8, 24 or 32
 * bits for each pixel. The fourth byte of 32 bits is not read.
 * @see https://learn.microsoft.com/en-us/windows/win32/gdi/bitmap-storage
 */

export interface Bitmap {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3]: red, green, blue. */
  readonly rgb: Uint8Array;
}

export interface BitmapHeader {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly compression: number;
  /** Whether the first row of the file is the top one. */
  readonly topDown: boolean;
  readonly pixelsAt: number;
  readonly paletteAt: number;
  /** Of a colour in the palette. */
  readonly colourBytes: 3 | 4;
}

export const isBitmap = (head: Uint8Array): boolean => head[0] === 0x42 && head[1] === 0x4d;

const FILE_HEADER = 14;
const CORE_HEADER = 12;
const COMPRESSIONS = ['none', 'RLE8', 'RLE4', 'bit fields', 'JPEG', 'PNG'] as const;
/** The usual masks of 32 bits: red, green, blue. */
const USUAL_MASKS = [0xff0000, 0xff00, 0xff];

/** Undefined if the header is cut short. */
export function bitmapHeader(head: Uint8Array): BitmapHeader | undefined {
  if (head.length < FILE_HEADER + CORE_HEADER) return undefined;
  const view = viewOf(head);
  const size = view.getUint32(FILE_HEADER, true);
  const common = { pixelsAt: view.getUint32(10, true), paletteAt: FILE_HEADER + size };
  if (size === CORE_HEADER) {
    const [width, height] = [view.getUint16(18, true), view.getUint16(20, true)];
    const bits = view.getUint16(24, true);
    return { ...common, width, height, bits, compression: 0, topDown: false, colourBytes: 3 };
  }
  if (head.length < FILE_HEADER + 40) return undefined;
  const height = view.getInt32(22, true);
  return {
    ...common,
    width: view.getInt32(18, true),
    height: Math.abs(height),
    bits: view.getUint16(28, true),
    compression: view.getUint32(30, true),
    topDown: height < 0,
    colourBytes: 4,
  };
}

/** @throws Error that says what is damaged or not supported */
export function decodeBitmap(bytes: Uint8Array): Bitmap {
  const header = bitmapHeader(bytes);
  if (header === undefined) throw new Error('its header is cut short');
  const { width, height, bits, topDown, pixelsAt } = header;
  requireReadable(bytes, header);
  const stride = Math.ceil((width * bits) / 32) * 4;
  if (width < 1 || height < 1 || bytes.length < pixelsAt + stride * height) {
    throw new Error(`its ${width} x ${height} pixels are cut short`);
  }
  const colourOf = colours(bytes, header);
  const rgb = new Uint8Array(3 * width * height);
  for (let row = 0; row < height; row++) {
    const start = pixelsAt + (topDown ? row : height - 1 - row) * stride;
    for (let column = 0; column < width; column++) colourOf(start, column, rgb, 3 * (row * width + column));
  }
  return { width, height, rgb };
}

function requireReadable(bytes: Uint8Array, { bits, compression, paletteAt, colourBytes }: BitmapHeader) {
  if (![1, 4, 8, 24, 32].includes(bits)) {
    throw new Error(`it is a bitmap of ${bits} bits per pixel, expected 1, 4, 8, 24 or 32`);
  }
  // The masks follow the 40 bytes of the oldest header, or lie there in a longer one.
  const view = viewOf(bytes);
  const hasMasks = compression === 3 && bits === 32 && bytes.length >= FILE_HEADER + 52;
  const usual = hasMasks && USUAL_MASKS.every((mask, k) => view.getUint32(54 + 4 * k, true) === mask);
  if (compression !== 0 && !usual) {
    const name = COMPRESSIONS[compression] ?? String(compression);
    throw new Error(`it is a bitmap with the compression ${name}, expected none`);
  }
  if (bits <= 8 && bytes.length < paletteAt + colourBytes) throw new Error('its palette is cut short');
}

/** Writes the colour of a pixel in the row that begins at `start`. */
function colours(bytes: Uint8Array, { bits, paletteAt, colourBytes, pixelsAt }: BitmapHeader) {
  const write = (from: number, rgb: Uint8Array, to: number) => {
    for (let k = 0; k < 3; k++) rgb[to + k] = bytes[from + 2 - k] as number;
  };
  if (bits >= 24) {
    return (start: number, column: number, rgb: Uint8Array, to: number) =>
      write(start + (column * bits) / 8, rgb, to);
  }
  const inByte = 8 / bits;
  return (start: number, column: number, rgb: Uint8Array, to: number) => {
    const byte = bytes[start + Math.floor(column / inByte)] as number;
    const place = (byte >> (bits * (inByte - 1 - (column % inByte)))) & ((1 << bits) - 1);
    const colour = paletteAt + place * colourBytes;
    if (colour + 3 > pixelsAt) throw new Error(`it has a pixel of colour ${place}, beyond its palette`);
    write(colour, rgb, to);
  };
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
