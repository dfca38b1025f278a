/** Makes a data set from labelled images of one size, as bytes. */

import { canonicalName, escapedName, repeatedName } from '../../base/names.js';
import { arrayProblem } from '../../tensor/arrays.js';
import { type Shape, sizeOf } from '../../tensor/shape.js';
import {
  type Column,
  type ColumnFacts,
  categoriesOf,
  checkValues,
  type DataFacts,
  type Dataset,
  type HeldDataset,
  heldExample,
  type TrainTestSplit,
  toShared,
} from '../dataset.js';
import { DataError } from '../error.js';
import { isPaged, type PagedValues } from '../paged-values.js';

export type ImageSplit = TrainTestSplit<ImageDataset>;

/** Its one input is the images, which may be paged; its one target is the labels. */
export interface PictureSet extends Dataset, LabelledPictures {}

/** Images in memory. */
export interface ImageDataset extends HeldDataset, ImageParts {}

interface LabelledPictures extends ImageSize {
  /** [examples], each a class number from 0 to classNames.length − 1. */
  readonly labels: Uint8Array;
}

interface ImageParts extends LabelledPictures {
  /** [examples, channels, height, width], bytes, row-major (NCHW). */
  readonly images: Uint8Array;
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
  checkArrays(parts);
  const { images, ...rest } = checkedPictures(parts);
  return withColumns({ ...rest, images: toShared(images) });
}

/** Checks what the labels and their names are. */
function checkedPictures(parts: ImageParts): ImageParts {
  const { name, labels } = parts;
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
  const checked = { ...parts, classNames, labels: toShared(labels) };
  for (const column of withInputs(checked, NO_IMAGES).targets) checkValues(name, column);
  return checked;
}

const NO_IMAGES = new Uint8Array(0);

const withColumns = (parts: ImageParts): ImageDataset => ({
  ...withInputs(parts, parts.images),
  images: parts.images,
});

function withInputs<Images extends Uint8Array | PagedValues>(parts: LabelledPictures, images: Images) {
  const { name, labels, channels, height, width, classNames } = parts;
  const facts = imageFacts([channels, height, width], classNames);
  return {
    ...{ name, labels, channels, height, width, classNames, examples: labels.length },
    inputs: facts.inputs.map((column) => ({ ...column, values: images })),
    targets: facts.targets.map((column) => ({ ...column, values: labels })),
  };
}

/** The description of a set of images with this shape [C,H,W] and these classes. */
export const imageFacts = (shape: Shape, classNames: readonly string[]): DataFacts => ({
  inputs: [imageColumn(shape)],
  targets: [labelColumn(classNames)],
});

/** @param shape [C,H,W] */
export const imageColumn = (shape: Shape): ColumnFacts => ({
  ...{ name: 'images', dtype: 'u8', shape, meaning: { kind: 'picture' } },
});

/** The class of each image. */
export const labelColumn = (names: readonly string[]): ColumnFacts => ({
  ...{ name: 'labels', dtype: 'i32', shape: [], meaning: { kind: 'categories', names } },
});

/** The shape of the images if a set is images with classes; otherwise undefined. */
export function imageShapeOf(facts: DataFacts): readonly [number, number, number] | undefined {
  const isLabelled = facts.targets.length === 1 && categoriesOf(facts).length > 0;
  return isLabelled ? pictureShapeOf(facts) : undefined;
}

/** The shape of the pictures if they are all that is read; otherwise undefined. */
export function pictureShapeOf({
  inputs: [image, ...others],
}: Pick<DataFacts, 'inputs'>): readonly [number, number, number] | undefined {
  if (image?.meaning.kind !== 'picture' || others.length > 0) return undefined;
  const [channels, height, width] = image.shape;
  return channels === undefined || height === undefined || width === undefined
    ? undefined
    : [channels, height, width];
}

/** The set as images with classes, for code that handles images; undefined for any other set. */
export function asImages(dataset: Dataset): ImageDataset | PictureSet | undefined {
  const shape = imageShapeOf(dataset);
  const [images, labels] = [dataset.inputs[0]?.values, dataset.targets[0]?.values];
  if (shape === undefined || images === undefined || !(labels instanceof Uint8Array)) return undefined;
  const [channels, height, width] = shape;
  const parts = { name: dataset.name, labels, channels, height, width, classNames: categoriesOf(dataset) };
  if (isPaged(images)) return images.kind === 'u8' ? withInputs(parts, images) : undefined;
  return images instanceof Uint8Array ? withColumns({ ...parts, images }) : undefined;
}

/** @throws DataError when it is not a set of images with classes in memory */
export function requireImages(dataset: Dataset): ImageDataset {
  const images = labelledPictures(dataset);
  if ('images' in images) return images;
  throw new DataError(`data: "${dataset.name}" lies in a file, expected a set in memory`);
}

/** @throws DataError when it is not a set of images with classes */
export function labelledPictures(dataset: Dataset): ImageDataset | PictureSet {
  const pictures = asImages(dataset);
  if (pictures !== undefined) return pictures;
  throw new DataError(`data: "${dataset.name}" is not a set of pictures with one class each`);
}

/**
 * The same examples, whose classes are numbered otherwise: `numbers` has the new number of each.
 */
export function renumbered<Set extends PictureSet>(
  dataset: Set,
  numbers: readonly number[],
  classNames: readonly string[],
): Set {
  const isSame = numbers.every((number, label) => number === label);
  const labels = isSame ? dataset.labels : toShared(dataset.labels.map((label) => numbers[label] as number));
  const { targets } = withInputs({ ...dataset, labels, classNames }, NO_IMAGES);
  return { ...dataset, labels, classNames, targets };
}

/** One image, [channels, height, width]. */
export function imageAt({ inputs: [images] }: PictureSet, index: number): Uint8Array {
  const [{ values, shape }, at] = heldExample(images as Column, index);
  const size = sizeOf(shape);
  return values.subarray(at * size, (at + 1) * size) as Uint8Array;
}

/** A set with images of this size and no examples. */
export function noImages(of: ImageSize): ImageDataset {
  return withColumns({ ...of, images: NO_IMAGES, labels: NO_IMAGES });
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
