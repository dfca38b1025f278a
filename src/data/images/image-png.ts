/** An image of a data set as PNG. Node only. */
import { DataError } from '../error.js';
import { imageAt, type PictureSet } from './image-dataset.js';
import { png } from './png.js';
import { resample } from './resample.js';

/**
 * @param largest pixels on the longer side; a larger image is scaled down
 * @throws DataError when the images have neither 1 nor 3 channels
 */
export function imagePng(dataset: PictureSet, index: number, largest = Number.POSITIVE_INFINITY): Buffer {
  const { channels, width, height } = dataset;
  if (channels !== 1 && channels !== 3) {
    throw new DataError(`the images have ${channels} channels, expected 1 or 3`);
  }
  const bytes = interleaved(dataset, index);
  const scale = largest / Math.max(width, height);
  if (scale >= 1) return png({ width, height, channels, bytes });
  const to = { width: scaled(width, scale), height: scaled(height, scale) };
  return png({ ...to, channels, bytes: resample(bytes, { width, height }, to, channels) });
}

const scaled = (pixels: number, scale: number) => Math.max(1, Math.round(pixels * scale));

/** From [C,H,W] to [H,W,C]. */
function interleaved(dataset: PictureSet, index: number): Uint8Array {
  const image = imageAt(dataset, index);
  const size = image.length;
  const pixels = size / dataset.channels;
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    const [pixel, channel] = [Math.floor(i / dataset.channels), i % dataset.channels];
    bytes[i] = image[channel * pixels + pixel] as number;
  }
  return bytes;
}
