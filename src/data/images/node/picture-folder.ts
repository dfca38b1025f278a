/**
 * Reads a folder of PNG or JPEG pictures, with one folder for each class, as bytes of one size.
 * Pictures are turned upright (EXIF), put on white where they are transparent, and stretched to the
 * size of the set.
 */
import { basename, resolve } from 'node:path';
import type { Sharp } from 'sharp';
import { reasonOf } from '../../../base/node/reason.js';
import { partNearest } from '../../../base/part-of.js';
import { randomStream } from '../../../base/random.js';
import { sharedBytes, withoutTest } from '../../dataset.js';
import { DataError } from '../../error.js';
import { type ImageDataset, type ImageSplit, imageDataset } from '../image-dataset.js';
import { checkBytes, checkFormat, checkPixels, damaged, type PictureSize } from '../picture-checks.js';
import { findPictures, type PictureExample, type PicturesByClass, pictureExamples } from '../picture-tree.js';
import { listFolder } from './list-folder.js';
import { loadSharp } from './load-sharp.js';

export interface PictureFolderOptions {
  /**
   * The size in pixels; by default that of the first picture by name. If only one is given, it is
   * used for both.
   */
  readonly height?: number | undefined;
  readonly width?: number | undefined;
  /** 1 is grey, 3 is red, green, blue; by default those of the first picture. */
  readonly channels?: 1 | 3 | undefined;
  /**
   * Without a folder `test/`: the part of each class that is held out, above 0 and below 1; 0.2 by
   * default.
   */
  readonly testFraction?: number | undefined;
  /** Uses all pictures outside `test/` for training: none is held out, and there is no test set. */
  readonly trainingOnly?: boolean | undefined;
  /** The seed of the hold-out; 0 by default. */
  readonly seed?: number | undefined;
  /** The most bytes that all decoded pictures may take. */
  readonly mostBytes?: number | undefined;
  /** Called when pictures had to be resized. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

const decodedTogether = 16;

/**
 * Classes are numbered in the order of their folders' names. Examples are in the order of classes
 * and file names.
 * @throws DataError naming the file when a picture cannot be decoded or is above 40 megapixels, or
 * when the folders are arranged wrongly.
 */
export async function loadPictureFolder(
  folder: string,
  options: PictureFolderOptions = {},
): Promise<ImageSplit> {
  const { trainingOnly = false } = options;
  const tree = await findPictures(folder, listFolder, trainingOnly);
  const classNames = [...tree.train.keys()];
  const { train, test } =
    tree.test === undefined && !trainingOnly
      ? holdOutTest(folder, tree.train, options)
      : { train: pictureExamples(tree.train), test: pictureExamples(tree.test ?? new Map()) };
  const size = await sizeOfSet(pictureExamples(tree.train), options);
  const resized: string[] = [];
  checkBytes(
    folder,
    Math.max(train.length, test.length),
    size,
    options.mostBytes ?? Number.POSITIVE_INFINITY,
  );
  const decode = async (examples: readonly PictureExample[]): Promise<ImageDataset> =>
    imageDataset({
      name: basename(resolve(folder)),
      images: await decodeAll(examples, size, resized),
      labels: Uint8Array.from(examples, (example) => example.label),
      classNames,
      ...size,
    });
  const decoded = await decode(train);
  const split = trainingOnly ? withoutTest(decoded) : { train: decoded, test: await decode(test) };
  if (resized.length > 0) {
    options.onNotice?.(
      `data: ${resized.length} of ${train.length + test.length} pictures in "${folder}" were resized to ${size.height}x${size.width} (height x width), the first is "${resized[0]}"`,
    );
  }
  return split;
}

/** Keeps at least one picture of each class for training. */
function holdOutTest(
  folder: string,
  classes: PicturesByClass,
  { testFraction = 0.2, seed = 0 }: PictureFolderOptions,
): { train: PictureExample[]; test: PictureExample[] } {
  if (!(testFraction > 0 && testFraction < 1)) {
    throw new DataError(`data: the test fraction is ${testFraction}, expected a number above 0 and below 1`);
  }
  const train: PictureExample[] = [];
  const test: PictureExample[] = [];
  [...classes.values()].forEach((paths, label) => {
    const count = Math.min(Math.max(1, partNearest(testFraction, paths.length)), paths.length - 1);
    const held = new Set(
      randomStream(seed, 'test hold-out', label).permutation(paths.length).subarray(0, count),
    );
    paths.forEach((path, place) => {
      (held.has(place) ? test : train).push({ path, label });
    });
  });
  if (test.length === 0) {
    throw new DataError(
      `data: "${folder}" has one picture in each class, expected at least two: one is held out for the test`,
    );
  }
  return { train, test };
}

/** The size of the first picture, unless the user has set another. */
async function sizeOfSet(
  [first]: readonly PictureExample[],
  options: PictureFolderOptions,
): Promise<PictureSize> {
  const { height = options.width, width = options.height, channels } = options;
  for (const [name, value] of Object.entries({ height, width })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= 4096)) {
      throw new DataError(`data: the ${name} is ${value}, expected a whole number from 1 to 4096`);
    }
  }
  if (channels !== undefined && channels !== 1 && channels !== 3) {
    throw new DataError(`data: channels is ${channels}, expected 1 (grey) or 3 (colour)`);
  }
  const own = (await open((first as PictureExample).path)).size;
  return { height: height ?? own.height, width: width ?? own.width, channels: channels ?? own.channels };
}

/**
 * [examples, channels, height, width]. If several pictures are bad, the first in order is reported.
 */
async function decodeAll(
  examples: readonly PictureExample[],
  size: PictureSize,
  resized: string[],
): Promise<Uint8Array> {
  const bytes = size.channels * size.height * size.width;
  const images = sharedBytes(examples.length * bytes);
  for (let start = 0; start < examples.length; start += decodedTogether) {
    const together = examples.slice(start, start + decodedTogether);
    const results = await Promise.allSettled(together.map(({ path }) => decodePicture(path, size)));
    results.forEach((result, offset) => {
      if (result.status === 'rejected') throw result.reason;
      images.set(result.value.image, (start + offset) * bytes);
      if (result.value.resized) resized.push((together[offset] as PictureExample).path);
    });
  }
  return images;
}

/** One picture as [channels, height, width]. */
export async function decodePicture(
  path: string,
  size: PictureSize,
): Promise<{ image: Uint8Array; resized: boolean }> {
  const { picture, size: own } = await open(path);
  const { height, width, channels } = size;
  const pixels = height * width;
  let interleaved: Uint8Array;
  try {
    interleaved = await picture
      .autoOrient()
      .flatten({ background: '#ffffff' })
      .resize({ height, width, fit: 'fill' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer();
  } catch (cause) {
    throw damaged(path, reasonOf(cause), cause);
  }
  if (interleaved.length !== channels * pixels) {
    throw new Error(
      `internal: "${path}" was decoded to ${interleaved.length} bytes, not ${channels * pixels}`,
    );
  }
  const image = new Uint8Array(interleaved.length);
  for (let channel = 0; channel < channels; channel++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      image[channel * pixels + pixel] = interleaved[pixel * channels + channel] as number;
    }
  }
  return { image, resized: own.height !== height || own.width !== width };
}

/** The picture, not yet decoded, and its size when upright. */
async function open(path: string): Promise<{ picture: Sharp; size: PictureSize }> {
  const sharp = await loadSharp();
  const picture = sharp(path, { limitInputPixels: false, failOn: 'error' });
  const found = await picture.metadata().catch((cause) => {
    throw damaged(path, reasonOf(cause), cause);
  });
  checkFormat(path, found.format);
  checkPixels(path, found);
  const { height, width } = found.autoOrient;
  return { picture, size: { height, width, channels: found.channels >= 3 ? 3 : 1 } };
}
