import { expect, it } from 'vitest';
import { bitmapHeader, decodeBitmap } from './bmp.js';

interface Made {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly compression?: number;
  readonly palette?: readonly number[];
  /** As they lie in the file, each padded to four bytes. */
  readonly rows: readonly (readonly number[])[];
}

/** A file with the header of Windows 3. */
function bitmap({ width, height, bits, compression = 0, palette = [], rows }: Made): Uint8Array {
  const pixels = rows.flatMap((row) => [...row, ...Array((4 - (row.length % 4)) % 4).fill(0)]);
  const bytes = new Uint8Array(54 + palette.length + pixels.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(10, 54 + palette.length, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  view.setUint16(28, bits, true);
  view.setUint32(30, compression, true);
  bytes.set(palette, 54);
  bytes.set(pixels, 54 + palette.length);
  return bytes;
}

const white = [255, 255, 255];
const palette = [0, 0, 0, 0, 255, 255, 255, 0, 3, 2, 1, 0];

it.each<[string, Made]>([
  // Blue comes first, and the last row.
  [
    '24 bits',
    {
      width: 2,
      height: 2,
      bits: 24,
      rows: [
        [3, 2, 1, 255, 255, 255],
        [0, 0, 0, 3, 2, 1],
      ],
    },
  ],
  [
    '32 bits',
    {
      width: 2,
      height: 2,
      bits: 32,
      rows: [
        [3, 2, 1, 9, 255, 255, 255, 9],
        [0, 0, 0, 9, 3, 2, 1, 9],
      ],
    },
  ],
  [
    'a row of the top first',
    {
      width: 2,
      height: -2,
      bits: 24,
      rows: [
        [0, 0, 0, 3, 2, 1],
        [3, 2, 1, 255, 255, 255],
      ],
    },
  ],
  [
    '8 bits and a palette',
    {
      width: 2,
      height: 2,
      bits: 8,
      palette,
      rows: [
        [2, 1],
        [0, 2],
      ],
    },
  ],
  ['4 bits and a palette', { width: 2, height: 2, bits: 4, palette, rows: [[0x21], [0x02]] }],
])('a bitmap of %s is read as red, green and blue, from the top', (_, made) => {
  const { width, height, rgb } = decodeBitmap(bitmap(made));
  expect({ width, height }).toEqual({ width: 2, height: 2 });
  expect([...rgb]).toEqual([0, 0, 0, 1, 2, 3, 1, 2, 3, ...white]);
});

it('a bitmap of one bit is read by its two colours', () => {
  const rows = [[0b1010_0000, 0b1000_0000]];
  const { rgb } = decodeBitmap(bitmap({ width: 9, height: 1, bits: 1, palette: palette.slice(0, 8), rows }));
  expect([...rgb].filter((_, i) => i % 3 === 0)).toEqual([255, 0, 255, 0, 0, 0, 0, 0, 255]);
});

it.each<[string, Uint8Array, RegExp]>([
  [
    'compressed',
    bitmap({ width: 1, height: 1, bits: 8, compression: 1, palette, rows: [[0]] }),
    /compression RLE8, expected none/,
  ],
  [
    'of 16 bits',
    bitmap({ width: 1, height: 1, bits: 16, rows: [[0, 0]] }),
    /16 bits per pixel, expected 1, 4, 8, 24 or 32/,
  ],
  [
    'cut short',
    bitmap({ width: 9, height: 9, bits: 24, rows: [[1, 2, 3]] }),
    /its 9 x 9 pixels are cut short/,
  ],
  ['of negative width', bitmap({ width: -1, height: 1, bits: 24, rows: [[1, 2, 3]] }), /-1 x 1 pixels/],
  [
    'beyond its palette',
    bitmap({ width: 1, height: 1, bits: 8, palette, rows: [[7]] }),
    /colour 7, beyond its palette/,
  ],
  ['a header alone', new Uint8Array([0x42, 0x4d, 0]), /header is cut short/],
])('a bitmap that is %s is refused with what it is', (_, bytes, message) => {
  expect(() => decodeBitmap(bytes)).toThrow(message);
});

it('the header of the first bitmaps says their size, too', () => {
  const bytes = new Uint8Array(26);
  const view = new DataView(bytes.buffer);
  view.setUint32(14, 12, true);
  view.setUint16(18, 640, true);
  view.setUint16(20, 480, true);
  view.setUint16(24, 24, true);
  expect(bitmapHeader(bytes)).toMatchObject({ width: 640, height: 480, bits: 24, colourBytes: 3 });
});
