/** An image of a data set as PNG. Node only. */
import { DataError } from './error.js';
import { type ImageDataset, imageBytes } from './image-dataset.js';

/**
 * @param largest pixels on the longer side; a larger image is made smaller, with its shape
 * @throws DataError when the images have neither 1 nor 3 channels
 */
export async function imagePng(dataset: ImageDataset, index: number, largest?: number): Promise<Buffer> {
  const { channels, width, height } = dataset;
  if (channels !== 1 && channels !== 3) {
    throw new DataError(`the images have ${channels} channels, pictures have 1 or 3`);
  }
  const { default: sharp } = await import('sharp');
  const picture = sharp(interleaved(dataset, index), { raw: { width, height, channels } });
  const size = { width: largest, height: largest, fit: 'inside', withoutEnlargement: true } as const;
  return (largest === undefined ? picture : picture.resize(size)).png({ compressionLevel: 9 }).toBuffer();
}

/** From [C,H,W] to [H,W,C]. */
function interleaved(dataset: ImageDataset, index: number): Uint8Array {
  const size = imageBytes(dataset);
  const image = dataset.images.subarray(index * size, (index + 1) * size);
  const pixels = size / dataset.channels;
  return Uint8Array.from({ length: size }, (_, i) => {
    const [pixel, channel] = [Math.floor(i / dataset.channels), i % dataset.channels];
    return image[channel * pixels + pixel] as number;
  });
}
