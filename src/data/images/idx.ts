/**
 * Parses the IDX format of MNIST and similar sets: two zero bytes, the element type (8: unsigned
 * byte), the number of axes, each axis as a big-endian uint32, then the elements.
 * @see http://yann.lecun.com/exdb/mnist/
 */

import { withoutTest } from '../dataset.js';
import { DataError } from '../error.js';
import { type ImageDataset, type ImageSplit, imageDataset } from './image-dataset.js';

export interface IdxArray {
  /** [images, height, width] or [labels]. */
  readonly shape: readonly number[];
  /** A view of the file's bytes, row-major. */
  readonly values: Uint8Array;
}

/** The decompressed bytes of one file, and its name for error messages. */
export interface IdxFile {
  readonly file: string;
  readonly bytes: Uint8Array;
}

export type IdxRole = 'trainImages' | 'trainLabels' | 'testExamples' | 'testLabels';

/**
 * Reads images (three axes) or labels (one).
 * @throws DataError when the bytes are of another format, too few or too many.
 */
export function parseIdx({ file, bytes }: IdxFile, content: 'images' | 'labels'): IdxArray {
  const axes = content === 'images' ? 3 : 1;
  const header = 4 + 4 * axes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= 4 && view.getUint32(0) !== 0x800 + axes) {
    throw new DataError(
      `data: "${file}" begins with ${hex(view.getUint32(0))}, expected ${hex(0x800 + axes)} (IDX, ${content} as unsigned bytes)`,
      { hint: magicHint(view.getUint32(0), content) },
    );
  }
  if (bytes.length < header) {
    throw new DataError(
      `data: "${file}" is truncated: ${bytes.length} bytes, expected a header of ${header}`,
      redo,
    );
  }
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  const expected = header + shape.reduce((product, extent) => product * extent, 1);
  if (bytes.length !== expected) {
    const what = bytes.length < expected ? 'is truncated' : 'is too long';
    throw new DataError(
      `data: "${file}" ${what}: ${bytes.length} bytes, expected ${expected} (${describe(shape)})`,
      redo,
    );
  }
  return { shape, values: bytes.subarray(header) };
}

/** The test images may be missing. */
export type IdxFiles<File> = Readonly<
  Record<'trainImages' | 'trainLabels', File> & Partial<Record<'testExamples' | 'testLabels', File>>
>;

/**
 * The training and test set from four IDX files, or the training set from two; one channel. Without
 * names, the classes are called "0", "1", ….
 * @throws DataError when a file is damaged or the files do not belong together.
 */
export function splitFromIdx(
  name: string,
  { trainImages, trainLabels, testExamples, testLabels }: IdxFiles<IdxFile>,
  classNames?: readonly string[],
): ImageSplit {
  const train = parsePair(trainImages, trainLabels);
  if (testExamples === undefined || testLabels === undefined) {
    return withoutTest(datasetOf(name, train, classNames ?? numbered(largestOf(train.labels))));
  }
  const test = parsePair(testExamples, testLabels);
  if (train.height !== test.height || train.width !== test.width) {
    throw new DataError(
      `data: "${testExamples.file}" holds images of ${test.height}x${test.width} but "${trainImages.file}" of ${train.height}x${train.width} (height x width)`,
    );
  }
  const names = classNames ?? numbered(Math.max(largestOf(train.labels), largestOf(test.labels)));
  return { train: datasetOf(name, train, names), test: datasetOf(name, test, names) };
}

interface IdxPair {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  readonly height: number;
  readonly width: number;
}

function parsePair(imageFile: IdxFile, labelFile: IdxFile): IdxPair {
  const images = parseIdx(imageFile, 'images');
  const labels = parseIdx(labelFile, 'labels');
  const [count = 0, height = 0, width = 0] = images.shape;
  if (count !== labels.shape[0]) {
    throw new DataError(
      `data: "${imageFile.file}" holds ${count} images but "${labelFile.file}" ${labels.shape[0]} labels`,
      { hint: 'take both files from the same set' },
    );
  }
  if (count * height * width === 0) {
    throw new DataError(`data: "${imageFile.file}" holds ${describe(images.shape)}, expected at least one`);
  }
  return { images: images.values, labels: labels.values, height, width };
}

function datasetOf(name: string, pair: IdxPair, classNames: readonly string[]): ImageDataset {
  return imageDataset({ name, channels: 1, classNames, ...pair });
}

const numbered = (largest: number) => Array.from({ length: largest + 1 }, (_, label) => String(label));

function largestOf(labels: Uint8Array): number {
  return labels.reduce((largest, label) => Math.max(largest, label), 0);
}

function describe([count, height, width]: readonly number[]): string {
  return height === undefined ? `${count} labels` : `${count} images of ${height}x${width}`;
}

function magicHint(magic: number, content: 'images' | 'labels'): string {
  if (magic >>> 16 === 0x1f8b) return 'the bytes are still compressed by gzip; decompress them first';
  if (magic === 0x801 || magic === 0x803) {
    return `it holds ${content === 'images' ? 'labels' : 'images'}; check whether two files are swapped`;
  }
  return 'check that this is an IDX file as MNIST and Fashion-MNIST use it';
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

const redo = { hint: 'copy or download the file again' };
