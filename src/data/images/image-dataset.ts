/** Makes a data set from labelled images of one size, as bytes. */

import { canonicalName, escapedName, repeatedName } from '../../base/names.js';
import { arrayProblem } from '../../tensor/arrays.js';
import type { Shape } from '../../tensor/shape.js';
import {
  categoriesOf,
  checkValues,
  type DataFacts,
  type Dataset,
  type TrainTestSplit,
  toShared,
} from '../dataset.js';
import { DataError } from '../error.js';

export type ImageSplit = TrainTestSplit<ImageDataset>;

/** Its one input is the images; its one target is the labels. */
export interface ImageDataset extends Dataset, ImageParts {}

interface ImageParts extends ImageSize {
  /** [examples, channels, height, width], bytes, row-major (NCHW). */
  readonly images: Uint8Array;
  /** [examples], each a class number from 0 to classNames.length − 1. */
  readonly labels: Uint8Array;
}

/** The size of the images in a set. */
interface ImageSize {
  readonly name: string;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly classNames: readonly string[];
}

/**
 * A data set from these arrays.
 * @throws DataError when there is no example, sizes do not fit together, or a label has no class.
 */
export function imageDataset(parts: ImageParts): ImageDataset {
  const { name, images, labels, channels, height, width } = parts;
  checkArrays(parts);
  const classNames = parts.classNames.map(canonicalName);
  if (labels.length === 0) throw new DataError(`data: "${name}" holds no examples`);
  if (classNames.length > 256) {
    throw new DataError(`data: "${name}" has ${classNames.length} classes, expected at most 256`);
  }
  const repeated = repeatedName(parts.classNames);
  if (repeated !== undefined) {
    throw new DataError(
      `data: "${name}" has the classes ${escapedName(repeated.first)} and ${escapedName(repeated.again)}, expected names that differ`,
    );
  }
  const dataset = withColumns({
    ...{ name, channels, height, width, classNames },
    ...{ images: toShared(images), labels: toShared(labels) },
  });
  for (const column of dataset.targets) checkValues(name, column);
  return dataset;
}

function withColumns(parts: ImageParts): ImageDataset {
  const { name, images, labels, channels, height, width, classNames } = parts;
  const { inputs, targets } = imageFacts([channels, height, width], classNames);
  return {
    ...{ name, images, labels, channels, height, width, classNames, examples: labels.length },
    inputs: inputs.map((facts) => ({ ...facts, values: images })),
    targets: targets.map((facts) => ({ ...facts, values: labels })),
  };
}

/** The description of a set of images with this shape [C,H,W] and these classes. */
export function imageFacts(shape: Shape, classNames: readonly string[]): DataFacts {
  return {
    inputs: [{ name: 'images', dtype: 'u8', shape, meaning: { kind: 'picture' } }],
    targets: [
      { name: 'labels', dtype: 'i32', shape: [], meaning: { kind: 'categories', names: classNames } },
    ],
  };
}

/** The shape of the images if a set is images with classes; otherwise undefined. */
export function imageShapeOf(facts: DataFacts): readonly [number, number, number] | undefined {
  const { inputs, targets } = facts;
  const [image, ...others] = inputs;
  const isLabelled = targets.length === 1 && categoriesOf(facts).length > 0;
  if (image?.meaning.kind !== 'picture' || others.length > 0 || !isLabelled) return undefined;
  const [channels, height, width] = image.shape;
  return channels === undefined || height === undefined || width === undefined
    ? undefined
    : [channels, height, width];
}

/** The set as images with classes, for code that handles images; undefined for any other set. */
export function asImages(dataset: Dataset): ImageDataset | undefined {
  const shape = imageShapeOf(dataset);
  const [images, labels] = [dataset.inputs[0]?.values, dataset.targets[0]?.values];
  if (shape === undefined || !(images instanceof Uint8Array) || !(labels instanceof Uint8Array))
    return undefined;
  const [channels, height, width] = shape;
  return withColumns({
    ...{ name: dataset.name, images, labels, channels, height, width },
    classNames: categoriesOf(dataset),
  });
}

/** @throws DataError when it is not a set of images with classes */
export function requireImages(dataset: Dataset): ImageDataset {
  const images = asImages(dataset);
  if (images !== undefined) return images;
  throw new DataError(`data: "${dataset.name}" is not a set of pictures with one class each`);
}

/**
 * The same examples, whose classes are numbered otherwise: `numbers` has the new number of each.
 */
export function renumbered(
  dataset: ImageDataset,
  numbers: readonly number[],
  classNames: readonly string[],
): ImageDataset {
  if (numbers.every((number, label) => number === label)) return withColumns({ ...dataset, classNames });
  const labels = toShared(dataset.labels.map((label) => numbers[label] as number));
  return withColumns({ ...dataset, classNames, labels });
}

/** A set with images of this size and no examples. */
export function noImages(of: ImageSize): ImageDataset {
  return withColumns({ ...of, images: new Uint8Array(0), labels: new Uint8Array(0) });
}

/**
 * Checks arrays that a program passes; JavaScript would silently read zeros.
 * @throws DataError that says what is wrong
 */
function checkArrays(parts: ImageParts): void {
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
  const expected = labels.length * imageBytes(parts);
  if (images.length === expected) return;
  complain(
    `"${name}" holds ${images.length} bytes of images, expected ${expected} for ${labels.length} labels and images of ${channels}x${height}x${width} (channels x height x width)`,
  );
}

/** The number of bytes of one image. */
export function imageBytes(dataset: Pick<ImageDataset, 'channels' | 'height' | 'width'>): number {
  return dataset.channels * dataset.height * dataset.width;
}
