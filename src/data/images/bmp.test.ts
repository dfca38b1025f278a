import { expect, it } from 'vitest';
import { type BitmapParts, bitmap } from '../../../test/bitmap.js';
import { bitmapHeader, decodeBitmap } from './bmp.js';

const white = [255, 255, 255];
const palette = [0, 0, 0, 0, 255, 255, 255, 0, 3, 2, 1, 0];

const square = (
  bits: number,
  first: readonly number[],
  second: readonly number[],
  changes: Partial<BitmapParts> = {},
): BitmapParts => ({ width: 2, height: 2, bits, rows: [first, second], ...changes });

it.each<[string, BitmapParts]>([
  // Blue comes first, and the last row.
  ['24 bits', square(24, [3, 2, 1, ...white], [0, 0, 0, 3, 2, 1])],
  ['32 bits', square(32, [3, 2, 1, 9, ...white, 9], [0, 0, 0, 9, 3, 2, 1, 9])],
  ['a row of the top first', square(24, [0, 0, 0, 3, 2, 1], [3, 2, 1, ...white], { height: -2 })],
  ['8 bits and a palette', square(8, [2, 1], [0, 2], { palette })],
  ['4 bits and a palette', square(4, [0x21], [0x02], { palette })],
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
