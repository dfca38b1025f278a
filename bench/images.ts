/**
 * Real images, so that activations and gradients are those of training: the repository's sample of
 * Fashion-MNIST. For coloured networks a picture lies, framed by black, in the middle of every
 * channel.
 */
import { fileURLToPath } from 'node:url';
import { type ImageDataset, imageDataset } from '../src/data/images/image-dataset.js';
import { loadIdxFolder } from '../src/data/images/node/idx-folder.js';
import type { Shape } from '../src/tensor/shape.js';

export const samplePath = fileURLToPath(new URL('../test/fixtures/fashion-mnist-sample', import.meta.url));

/** 1,280 images of this shape [C,H,W], H and W at least 28. */
export async function realImages(imageShape: Shape): Promise<ImageDataset> {
  const { train } = await loadIdxFolder(samplePath);
  const [channels, height, width] = imageShape as [number, number, number];
  return imageDataset({ ...train, images: framed(train, channels, height, width), channels, height, width });
}

function framed(grey: ImageDataset, channels: number, height: number, width: number): Uint8Array {
  const images = new Uint8Array(grey.examples * channels * height * width);
  const [top, left] = [(height - grey.height) >> 1, (width - grey.width) >> 1];
  for (let row = 0; row < grey.examples * grey.height; row++) {
    const [image, y] = [Math.floor(row / grey.height), row % grey.height];
    const pixels = grey.images.subarray(row * grey.width, (row + 1) * grey.width);
    for (let channel = 0; channel < channels; channel++) {
      images.set(pixels, ((image * channels + channel) * height + top + y) * width + left);
    }
  }
  return images;
}
