/**
 * A labelled set of images of one size, as bytes. The arrays lie in shared memory where there is any, so that worker
 * threads receive the set without a copy of their own.
 */

import { canonicalName, escapedName, repeatedName } from '../../base/names.js';
import { arrayProblem } from '../../tensor/arrays.js';
import { DataError } from '../error.js';

export interface ImageDataset {
  readonly name: string;
  /** [examples, channels, height, width], bytes, row-major (NCHW). */
  readonly images: Uint8Array;
  /** [examples], each a class from 0 to classNames.length − 1. */
  readonly labels: Uint8Array;
  readonly examples: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly classNames: readonly string[];
}

export interface TrainTestSplit {
  readonly train: ImageDataset;
  /** The coordinator's. It may hold no examples: models are then measured by the participants alone. */
  readonly test: ImageDataset;
}

/** Zeroed bytes, shared where the platform allows it (a browser does so for cross-origin isolated pages only). */
export function sharedBytes(length: number): Uint8Array {
  return typeof SharedArrayBuffer === 'undefined'
    ? new Uint8Array(length)
    : new Uint8Array(new SharedArrayBuffer(length));
}

/** The bytes themselves where they are shared already, else a shared copy. */
export function toSharedBytes(bytes: Uint8Array): Uint8Array {
  if (typeof SharedArrayBuffer === 'undefined' || bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const shared = sharedBytes(bytes.length);
  shared.set(bytes);
  return shared;
}

/**
 * A data set of these arrays: one's own images, or what a reader has parsed.
 * @throws DataError when there is no example, sizes do not fit together, or a label has no class.
 */
export function imageDataset(parts: Omit<ImageDataset, 'examples'>): ImageDataset {
  const { name, images, labels, channels, height, width } = parts;
  checkArrays(parts);
  const classNames = parts.classNames.map(canonicalName);
  const examples = labels.length;
  if (examples === 0) throw new DataError(`data: "${name}" holds no examples`);
  if (classNames.length > 256) {
    throw new DataError(`data: "${name}" has ${classNames.length} classes, expected at most 256`);
  }
  const repeated = repeatedName(parts.classNames);
  if (repeated !== undefined) {
    throw new DataError(
      `data: "${name}" has the classes ${escapedName(repeated.first)} and ${escapedName(repeated.again)}, expected names that differ`,
    );
  }
  checkLabels(name, labels, classNames);
  return {
    name,
    images: toSharedBytes(images),
    labels: toSharedBytes(labels),
    examples,
    channels,
    height,
    width,
    classNames,
  };
}

/** The same examples, whose classes are numbered otherwise: `numbers` has the new number of each. */
export function renumbered(
  dataset: ImageDataset,
  numbers: readonly number[],
  classNames: readonly string[],
): ImageDataset {
  if (numbers.every((number, label) => number === label)) return { ...dataset, classNames };
  const labels = toSharedBytes(dataset.labels.map((label) => numbers[label] as number));
  return { ...dataset, classNames, labels };
}

/**
 * Of a set that a program hands in: kinds and lengths of its arrays, in no time. JavaScript would make zeros of what does not
 * fit.
 * @throws DataError that says what is wrong
 */
export function checkArrays(parts: Omit<ImageDataset, 'examples'>, examples?: number): void {
  const { name, images, labels, channels, height, width } = parts;
  const complain = (what: string, hint?: string) => {
    throw new DataError(`data: ${what}`, hint === undefined ? {} : { hint });
  };
  for (const [field, value] of Object.entries({ channels, height, width })) {
    if (!Number.isInteger(value) || value < 1) {
      complain(`"${name}" has the ${field} ${value}, expected a whole number from 1`);
    }
  }
  for (const [field, array] of Object.entries({ images, labels })) {
    const problem = arrayProblem(array, 'Uint8Array');
    if (problem !== undefined) {
      const hint = field === 'images' ? 'pixels are bytes, 0 to 255' : 'labels are bytes, from 0';
      complain(`the ${field} of "${name}" are wrong: the array ${problem}`, hint);
    }
  }
  if (examples !== undefined && examples !== labels.length) {
    complain(`"${name}" has ${labels.length} labels, expected one for each of its ${examples} examples`);
  }
  const expected = labels.length * imageBytes(parts);
  if (images.length === expected) return;
  complain(
    `"${name}" holds ${images.length} bytes of images, expected ${expected} for ${labels.length} labels and images of ${channels}x${height}x${width} (channels x height x width)`,
  );
}

function checkLabels(name: string, labels: Uint8Array, classNames: readonly string[]): void {
  const stray = labels.findIndex((label) => label >= classNames.length);
  if (stray === -1) return;
  throw new DataError(
    `data: label ${stray} of "${name}" is ${labels[stray]}, expected 0 to ${classNames.length - 1}`,
  );
}

/**
 * Of a set that a program hands in, made by `imageDataset` or not.
 * @throws DataError that says what is wrong
 */
export function checkDataset(dataset: ImageDataset): void {
  checkArrays(dataset, dataset.examples);
  checkLabels(dataset.name, dataset.labels, dataset.classNames);
}

/** Of both sets; those of the coordinator may be none. @throws DataError that says what is wrong, or not alike */
export function checkSplit({ train, test }: TrainTestSplit): void {
  for (const dataset of [train, test]) checkDataset(dataset);
  const of = ({ channels, height, width, classNames }: ImageDataset) =>
    `images of ${channels}x${height}x${width} (channels x height x width) and ${classNames.length} classes`;
  if (of(train) === of(test)) return;
  throw new DataError(`data: the test set has ${of(test)}, expected those of the training set: ${of(train)}`);
}

/** A set whose test images are nobody's: those of the coordinator are enough. */
export function withoutTest(train: ImageDataset): TrainTestSplit {
  return { train, test: withoutExamples(train) };
}

/** What the images of a set would be, and none of them. */
export function withoutExamples(of: Omit<ImageDataset, 'images' | 'labels' | 'examples'>): ImageDataset {
  return { ...of, images: new Uint8Array(0), labels: new Uint8Array(0), examples: 0 };
}

/** The number of bytes of one image. */
export function imageBytes(dataset: Pick<ImageDataset, 'channels' | 'height' | 'width'>): number {
  return dataset.channels * dataset.height * dataset.width;
}

/** A copy of these examples, in this order. */
export function subset(dataset: ImageDataset, indices: Iterable<number>, name = dataset.name): ImageDataset {
  checkArrays(dataset, dataset.examples);
  const places = [...indices];
  const wrong = places.find((index) => !Number.isInteger(index) || index < 0);
  if (wrong !== undefined) {
    throw new DataError(
      `data: number ${wrong} of "${dataset.name}" is asked for, expected whole numbers from 0`,
    );
  }
  const chosen = Uint32Array.from(places);
  const size = imageBytes(dataset);
  const images = sharedBytes(chosen.length * size);
  const labels = sharedBytes(chosen.length);
  for (let place = 0; place < chosen.length; place++) {
    const index = chosen[place] as number;
    if (index >= dataset.examples) {
      throw new DataError(
        `data: "${dataset.name}" has ${dataset.examples} examples, asked for number ${index}`,
      );
    }
    images.set(dataset.images.subarray(index * size, (index + 1) * size), place * size);
    labels[place] = dataset.labels[index] as number;
  }
  return imageDataset({ ...dataset, name, images, labels });
}

/** [classes]: how many examples each class has, over all labels or those at `indices`. */
export function classCounts(labels: Uint8Array, classes: number, indices?: Uint32Array): Uint32Array {
  const counts = new Uint32Array(classes);
  const examples = indices === undefined ? labels.length : indices.length;
  for (let place = 0; place < examples; place++) {
    const label = labels[indices === undefined ? place : (indices[place] as number)] as number;
    counts[label] = (counts[label] as number) + 1;
  }
  return counts;
}
