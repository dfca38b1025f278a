/**
 * Pictures, PNG or JPEG, decoded by the browser to bytes of one size, as `picture-folder.ts` does it in Node: turned upright
 * (EXIF), laid on white where they are transparent, stretched, and grey by their luminance. For pages, and for workers.
 */
import { sharedBytes } from './image-dataset.js';
import { type PageFile, readPageFile } from './page-files.js';
import { checkFormat, checkPixels, damaged, type PictureSize } from './picture-checks.js';
import { type PictureHeader, pictureHeader } from './picture-header.js';
import { greyOf } from './srgb.js';

/** Pixels that are decoded at a time, of one picture or a few; so many take 160 MB. */
const pixelsTogether = 40_000_000;
const picturesTogether = 8;

interface DecodeOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
}

/**
 * [pictures, channels, height, width]. All headers are looked at before the first picture is decoded.
 * @throws DataError naming the first file that is no picture, is damaged, or is above 40 megapixels.
 */
export async function decodePictures(
  pictures: readonly PageFile[],
  size: PictureSize,
  { signal, onProgress }: DecodeOptions = {},
): Promise<Uint8Array> {
  const pixels: number[] = [];
  for (const picture of pictures) {
    signal?.throwIfAborted();
    const { width, height } = await headerOf(picture);
    pixels.push(width * height);
  }
  const bytes = size.channels * size.height * size.width;
  const images = sharedBytes(pictures.length * bytes);
  let done = 0;
  while (done < pictures.length) {
    signal?.throwIfAborted();
    const together = pictures.slice(done, done + howMany(pixels, done));
    const results = await Promise.allSettled(together.map((picture) => decode(picture, size)));
    results.forEach((result, offset) => {
      if (result.status === 'rejected') throw result.reason;
      images.set(result.value, (done + offset) * bytes);
    });
    done += together.length;
    onProgress?.(done, pictures.length);
  }
  return images;
}

/**
 * One picture as [channels, height, width].
 * @throws DataError when it is no picture, is damaged, or is above 40 megapixels.
 */
export const decodePicture = (picture: PageFile, size: PictureSize): Promise<Uint8Array> =>
  decodePictures([picture], size);

function howMany(pixels: readonly number[], start: number): number {
  let count = 1;
  let sum = pixels[start] as number;
  while (count < picturesTogether && start + count < pixels.length) {
    sum += pixels[start + count] as number;
    if (sum > pixelsTogether) break;
    count++;
  }
  return count;
}

async function headerOf(picture: PageFile): Promise<PictureHeader> {
  const { path, file } = picture;
  const header = await pictureHeader((start, end) => readPageFile(picture, start, end));
  if (typeof header === 'object') {
    checkPixels(path, header);
    return header;
  }
  if (header !== undefined) checkFormat(path, header);
  throw damaged(path, file.size === 0 ? 'the file is empty' : 'it does not begin as either does');
}

async function decode(picture: PageFile, { height, width, channels }: PictureSize): Promise<Uint8Array> {
  const bytes = await readPageFile(picture);
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(new Blob([bytes]));
  } catch (cause) {
    throw damaged(picture.path, (cause as Error).message, cause);
  }
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('internal: this browser has no 2D canvas');
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return planesOf(context.getImageData(0, 0, width, height).data, channels);
}

/** Of [pixels, 4] the planes, or one of grey. */
function planesOf(rgba: Uint8ClampedArray, channels: 1 | 3): Uint8Array {
  const pixels = rgba.length / 4;
  const planes = new Uint8Array(channels * pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const [red, green, blue] = [rgba[4 * pixel], rgba[4 * pixel + 1], rgba[4 * pixel + 2]] as [
      number,
      number,
      number,
    ];
    if (channels === 1) {
      planes[pixel] = greyOf(red, green, blue);
    } else {
      planes[pixel] = red;
      planes[pixels + pixel] = green;
      planes[2 * pixels + pixel] = blue;
    }
  }
  return planes;
}
