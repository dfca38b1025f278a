import sharp from 'sharp';
import { expect, it } from 'vitest';
import { pictureHeader } from './picture-header.js';

const picture = sharp({ create: { width: 300, height: 120, channels: 3, background: '#123456' } });
const headerOf = (bytes: Uint8Array) => pictureHeader(async (start, end) => bytes.subarray(start, end));

it.each([
  ['png', picture.clone().png()],
  ['gif', picture.clone().gif()],
  ['webp', picture.clone().webp()],
  ['webp', picture.clone().webp({ lossless: true })],
  [
    'webp',
    picture
      .clone()
      .withExif({ IFD0: { ImageDescription: 'x' } })
      .webp(),
  ],
  ['avif', picture.clone().avif()],
  ['jpeg', picture.clone().jpeg()],
  ['jpeg', picture.clone().jpeg({ progressive: true })],
  [
    'jpeg',
    picture
      .clone()
      .withExif({ IFD0: { ImageDescription: 'x'.repeat(60_000) } })
      .jpeg(),
  ],
] as const)('of a %s it says how large the picture is', async (format, file) => {
  expect(await headerOf(await file.toBuffer())).toEqual({ format, width: 300, height: 120 });
});

it('finds the size of a photograph behind segments that are larger than what is read at a time', async () => {
  const jpeg = await picture.clone().jpeg().toBuffer();
  const segment = new Uint8Array(65_537);
  segment.set([0xff, 0xe2, 0xff, 0xff]);
  const long = Buffer.concat([jpeg.subarray(0, 2), segment, segment, Uint8Array.of(0xff), jpeg.subarray(2)]);
  expect(await headerOf(long)).toEqual({ format: 'jpeg', width: 300, height: 120 });
});

it('names a format whose size is not read', async () => {
  expect(await headerOf(await picture.clone().tiff().toBuffer())).toBe('tiff');
});

it('finds no picture in a text, in nothing, or in a file that ends too early', async () => {
  const jpeg = await picture.clone().jpeg().toBuffer();
  const png = await picture.clone().png().toBuffer();
  const text = new TextEncoder().encode('this is text');
  for (const bytes of [text, new Uint8Array(0), jpeg.subarray(0, 100), png.subarray(0, 20)]) {
    expect(await headerOf(bytes)).toBeUndefined();
  }
});
