/**
 * Decodes pictures in a browser to bytes of one size, as `open-picture.ts` does in Node: turned
 * upright (EXIF), put on white where they are transparent, stretched, cropped or padded, and grey
 * by their luminance. For pages and workers.
 */

import { sharedBytes } from '../../dataset.js';
import { DataError } from '../../error.js';
import { type PageFile, readPageFile } from '../../page/page-files.js';
import { checkFormat, checkPixels, checkSides, damaged, type PictureSize } from '../picture-checks.js';
import { type PictureHeader, pictureHeader } from '../picture-header.js';
import { type PictureExtent, type PictureFit, placed, placementOf } from '../picture-size.js';
import { boxFactor, boxMeans, resample } from '../resample.js';
import { greyOf } from '../srgb.js';

/** Pixels of one or more pictures that are decoded at a time; this many take 160 MB. */
const pixelsTogether = 40_000_000;
const picturesTogether = 8;
/** Pixels that are read from a canvas at a time. */
const pixelsOfBand = 1_000_000;

interface DecodeOptions {
  /** How a picture of another shape comes to that size; it is stretched by default. */
  readonly fit?: PictureFit | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
  /**
   * Given each picture that was decoded, with its own size when it is upright; decoding waits for
   * it.
   */
  readonly onDecoded?: ((place: number, own: PictureExtent) => Promise<void>) | undefined;
}

/**
 * [pictures, channels, height, width]. All headers are checked before the first picture is decoded.
 * @throws DataError naming the first file that is not a picture, is damaged, or is above 40
 * megapixels.
 */
export async function decodePictures(
  pictures: readonly PageFile[],
  size: PictureSize,
  { fit = 'stretch', signal, onProgress, onDecoded }: DecodeOptions = {},
): Promise<Uint8Array> {
  const pixels: number[] = [];
  for (const picture of pictures) {
    signal?.throwIfAborted();
    const { width, height } = await pictureHeaderInPage(picture);
    pixels.push(width * height);
  }
  checkCanvas();
  const bytes = size.channels * size.height * size.width;
  const images = sharedBytes(pictures.length * bytes);
  let done = 0;
  while (done < pictures.length) {
    signal?.throwIfAborted();
    const together = pictures.slice(done, done + howMany(pixels, done));
    const results = await Promise.allSettled(together.map((picture) => decode(picture, size, fit)));
    for (const [offset, result] of results.entries()) {
      if (result.status === 'rejected') throw result.reason;
      images.set(result.value.image, (done + offset) * bytes);
      await onDecoded?.(done + offset, result.value.own);
    }
    done += together.length;
    onProgress?.(done, pictures.length);
  }
  return images;
}

/**
 * One picture as [channels, height, width].
 * @throws DataError when it is not a picture, is damaged, or is above 40 megapixels.
 */
export const decodePicture = (picture: PageFile, size: PictureSize, fit?: PictureFit): Promise<Uint8Array> =>
  decodePictures([picture], size, { fit });

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

/** @throws DataError when it is not a picture, or too large for a page */
export async function pictureHeaderInPage(picture: PageFile): Promise<PictureHeader> {
  const { path, file } = picture;
  const header = await pictureHeader((start, end) => readPageFile(picture, start, end));
  if (typeof header === 'object') {
    checkPixels(path, header);
    checkSides(path, header);
    return header;
  }
  if (header !== undefined) checkFormat(path, header, 'page');
  throw damaged(path, file.size === 0 ? 'the file is empty' : 'its first bytes are those of another format');
}

interface Decoded {
  readonly image: Uint8Array;
  readonly own: PictureExtent;
}

async function decode(picture: PageFile, size: PictureSize, fit: PictureFit): Promise<Decoded> {
  const bytes = await readPageFile(picture);
  try {
    const bitmap = await createImageBitmap(new Blob([bytes]));
    const placement = placementOf(bitmap, size, fit);
    const { resized } = placement;
    const rows = boxFactor(bitmap.height, resized.height);
    const columns = boxFactor(bitmap.width, resized.width);
    const own = { height: bitmap.height, width: bitmap.width };
    const extent = { height: own.height / rows, width: own.width / columns };
    const rgb = resample(boxed(bitmap, rows, columns), extent, resized);
    bitmap.close();
    return { image: planesOf(placed(rgb, placement, size), size.channels), own };
  } catch (cause) {
    throw damaged(picture.path, (cause as Error).message, cause);
  }
}

/**
 * The picture on white, [height, width, 3], scaled down: each pixel is the mean of this many rows
 * and columns.
 */
function boxed(bitmap: ImageBitmap, rows: number, columns: number): Uint8ClampedArray {
  const height = Math.ceil(bitmap.height / rows);
  const width = Math.ceil(bitmap.width / columns);
  const bytes = new Uint8ClampedArray(height * width * 3);
  for (const { top, count, rgba } of bitmapBands(bitmap, rows, '#ffffff')) {
    const means = boxMeans(rgba, { height: count, width: bitmap.width }, rows, columns);
    bytes.set(means, (top / rows) * width * 3);
  }
  return bytes;
}

interface BitmapBand {
  /** Its first row in the picture, and how many it has. */
  readonly top: number;
  readonly count: number;
  /** [count, width, 4] */
  readonly rgba: Uint8ClampedArray;
}

/**
 * The pixels of a picture in bands, since the whole would need its memory twice more.
 * @param together so many rows are never in two bands
 * @param background what is seen where the picture is transparent; nothing by default
 */
export function* bitmapBands(
  bitmap: ImageBitmap,
  together: number,
  background?: string,
): Generator<BitmapBand> {
  const { height, width } = bitmap;
  const rows = together * Math.max(1, Math.floor(pixelsOfBand / (together * width)));
  const context = contextOf(width, Math.min(rows, together * Math.ceil(height / together)));
  for (let top = 0; top < height; top += rows) {
    const count = Math.min(context.canvas.height, height - top);
    context.clearRect(0, 0, width, count);
    if (background !== undefined) {
      context.fillStyle = background;
      context.fillRect(0, 0, width, count);
    }
    context.drawImage(bitmap, 0, -top);
    yield { top, count, rgba: context.getImageData(0, 0, width, count).data };
  }
}

function contextOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('internal: this browser has no 2D canvas');
  return context;
}

/**
 * Some browsers change the pixels that a page reads from a canvas, as a protection from tracking.
 */
function checkCanvas(): void {
  const side = 64;
  const drawn = Uint8ClampedArray.from({ length: side * side * 4 }, (_, i) => (i % 4 === 3 ? 255 : i * 7));
  const context = contextOf(side, side);
  context.putImageData(new ImageData(drawn, side, side), 0, 0);
  const { data } = context.getImageData(0, 0, side, side);
  if (data.every((value, i) => value === drawn[i])) return;
  throw new DataError('data: this browser changes the pixels that pages read, expected unchanged pictures', {
    hint: 'allow this page to read canvases, choose files in IDX format, or take another browser',
  });
}

/** From [pixels, 3] to three planes, or one grey plane. */
function planesOf(rgb: Uint8ClampedArray, channels: 1 | 3): Uint8Array {
  const pixels = rgb.length / 3;
  const planes = new Uint8Array(channels * pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const colour = rgb.subarray(3 * pixel, 3 * pixel + 3);
    if (channels === 1) planes[pixel] = greyOf(colour);
    else
      colour.forEach((value, channel) => {
        planes[channel * pixels + pixel] = value;
      });
  }
  return planes;
}
