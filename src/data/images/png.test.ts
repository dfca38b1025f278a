import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { imageDataset } from './image-dataset.js';
import { imagePng } from './image-png.js';

/** [C,H,W] */
const dataset = (channels: number, height: number, width: number) =>
  imageDataset({
    name: 'stripes',
    images: Uint8Array.from({ length: channels * height * width }, (_, i) => (i * 37) % 251),
    labels: new Uint8Array(1),
    channels,
    height,
    width,
    classNames: ['one'],
  });

describe('an image as PNG', () => {
  it.each([
    [1, 5, 7],
    [3, 4, 3],
  ])('with %i channels is read by others to the same pixels', async (channels, height, width) => {
    const data = dataset(channels, height, width);
    const read = await sharp(imagePng(data, 0))
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(read.info).toMatchObject({ channels, height, width });
    for (let channel = 0; channel < channels; channel++) {
      for (let pixel = 0; pixel < height * width; pixel++) {
        expect(read.data[pixel * channels + channel]).toBe(data.images[channel * height * width + pixel]);
      }
    }
  });

  it.each([
    [1, 30, 20, { height: 12, width: 8 }],
    [3, 5, 100, { height: 1, width: 12 }],
    [3, 6, 9, { height: 6, width: 9 }],
  ])('with %i channels of %i×%i is no larger than is asked for', async (channels, height, width, size) => {
    const png = imagePng(dataset(channels, height, width), 0, 12);
    expect(await sharp(png).metadata()).toMatchObject({ ...size, format: 'png' });
  });

  it('is not made of two channels', () => {
    expect(() => imagePng(dataset(2, 2, 2), 0)).toThrow('the images have 2 channels, expected 1 or 3');
  });
});
