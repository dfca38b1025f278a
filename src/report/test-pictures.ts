/** Images of the coordinator’s test set as PNG within the page. Node only. */
import sharp from 'sharp';
import { type ImageDataset, imageBytes } from '../data/image-dataset.js';
import type { Decided } from '../evaluation/before-and-after.js';
import { ReportError } from './error.js';

/** By its place in the test set: a data URI. */
export type TestPictures = ReadonlyMap<number, string>;

/**
 * @param examples how many the run has measured on
 * @throws ReportError when these are not the images that the run has measured on, or have neither 1 nor 3 channels.
 */
export async function testPictures(
  test: ImageDataset,
  images: readonly Decided[],
  examples: number,
): Promise<TestPictures> {
  const stray = images.find(({ index, label }) => test.labels[index] !== label);
  if (test.examples !== examples || stray !== undefined) {
    throw new ReportError(`the test images of "${test.name}" are not those of the run any more`);
  }
  const { channels } = test;
  if (channels !== 1 && channels !== 3) {
    throw new ReportError(`the images have ${channels} channels, pictures have 1 or 3`);
  }
  const pictures = await Promise.all(
    images.map(async ({ index }): Promise<[number, string]> => {
      const png = await sharp(interleaved(test, index), {
        raw: { width: test.width, height: test.height, channels },
      })
        .png({ compressionLevel: 9 })
        .toBuffer();
      return [index, `data:image/png;base64,${png.toString('base64')}`];
    }),
  );
  return new Map(pictures);
}

/** From [C,H,W] to [H,W,C]. */
function interleaved(test: ImageDataset, index: number): Uint8Array {
  const size = imageBytes(test);
  const image = test.images.subarray(index * size, (index + 1) * size);
  const pixels = size / test.channels;
  return Uint8Array.from({ length: size }, (_, i) => {
    const [pixel, channel] = [Math.floor(i / test.channels), i % test.channels];
    return image[channel * pixels + pixel] as number;
  });
}
