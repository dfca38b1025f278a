import sharp from 'sharp';
import { expect, it } from 'vitest';
import { defaultPictureExtent, pictureExtentOf, placed, placementOf } from './picture-size.js';
import { resample } from './resample.js';

const extents = (...sides: [number, number][]) => sides.map(([height, width]) => ({ height, width }));

it('the default size is the median, with its longer side at 96 at most', () => {
  expect(defaultPictureExtent(extents([28, 28], [40, 20], [30, 90]))).toEqual({ height: 30, width: 28 });
  expect(defaultPictureExtent(extents([4000, 3000], [3000, 4000], [4000, 3000]))).toEqual({
    height: 96,
    width: 72,
  });
  expect(defaultPictureExtent(extents([9000, 2]))).toEqual({ height: 96, width: 1 });
});

it('a size is one number, or height and width', () => {
  expect(pictureExtentOf(96)).toEqual({ height: 96, width: 96 });
  expect(pictureExtentOf('96x64')).toEqual({ height: 96, width: 64 });
  for (const wrong of [0, 5000, '96x', 'x', '1x2x3', 'large', 9.5]) {
    expect(() => pictureExtentOf(wrong)).toThrow(
      `the size of pictures is "${wrong}", expected pixels from 1 to 4096`,
    );
  }
});

it.each(['stretch', 'crop', 'pad'] as const)('a page puts a picture where Node does: %s', async (fit) => {
  for (const [height, width] of [
    [40, 90],
    [91, 40],
    [33, 32],
  ] as const) {
    // A slope: a pixel more or less to the side is seen.
    const bytes = Uint8Array.from({ length: 3 * height * width }, (_, i) => {
      const pixel = Math.floor(i / 3);
      return i % 3 === 0 ? 2 * (pixel % width) : 2 * Math.floor(pixel / width) + 30;
    });
    const to = { height: 20, width: 23 };
    const fits = { stretch: 'fill', crop: 'cover', pad: 'contain' } as const;
    const native = await sharp(bytes, { raw: { height, width, channels: 3 } })
      .resize({ ...to, fit: fits[fit], background: '#000000' })
      .raw()
      .toBuffer();
    const placement = placementOf({ height, width }, to, fit);
    const page = placed(resample(bytes, { height, width }, placement.resized), placement, to);
    expect(page).toHaveLength(native.length);
    const apart = Array.from(page, (value, i) => Math.abs(value - native[i]!));
    expect(Math.max(...apart)).toBeLessThanOrEqual(3);
  }
});
