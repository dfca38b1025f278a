/**
 * Batches of one fixed shape. A training step is compiled for one batch size; a ragged last batch keeps that size and
 * gives its empty places the weight 0, so that loss, gradient and accuracy count exactly the examples there are.
 */

import type { RandomStream } from '../../base/random.js';
import { requireArray } from '../../tensor/arrays.js';
import { DataError } from '../error.js';
import { checkArrays, type ImageDataset, imageBytes } from '../images/image-dataset.js';
import { type Draws, writeAugmented } from './augmentation.js';

export interface Batch {
  /** [batch, channels, height, width], bytes; zero in empty places. */
  readonly images: Uint8Array;
  /** [batch]; zero in empty places. */
  readonly labels: Int32Array;
  /** [batch]: 1 for an example, 0 for an empty place. */
  readonly weights: Float32Array;
  /** How many places hold an example: the first ones. */
  count: number;
}

/** An empty batch for images of this data set, to be filled again and again. */
export function createBatch(dataset: ImageDataset, batchSize: number): Batch {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new DataError(`data: the batch size is ${batchSize}, expected a whole number from 1`);
  }
  checkArrays(dataset, dataset.examples);
  return {
    images: new Uint8Array(batchSize * imageBytes(dataset)),
    labels: new Int32Array(batchSize),
    weights: new Float32Array(batchSize),
    count: 0,
  };
}

/**
 * Fills `batch` with the examples at `order[start]`, `order[start + 1]`, …, as many as there are and fit.
 * @param draws for each place of `order`, how its image is augmented; by default it stays as it is
 */
export function fillBatch(
  batch: Batch,
  dataset: ImageDataset,
  order: Uint32Array,
  start: number,
  draws?: Draws,
): void {
  requireArray('data: the list of examples', order, 'Uint32Array');
  const size = imageBytes(dataset);
  const capacity = batch.labels.length;
  const count = Math.max(0, Math.min(capacity, order.length - start));
  for (let place = 0; place < count; place++) {
    const index = order[start + place] as number;
    if (index >= dataset.examples) {
      throw new DataError(
        `data: "${dataset.name}" has ${dataset.examples} examples, asked for number ${index}`,
      );
    }
    if (draws !== undefined) writeAugmented(batch.images, place * size, dataset, index, draws, start + place);
    else batch.images.set(dataset.images.subarray(index * size, (index + 1) * size), place * size);
    batch.labels[place] = dataset.labels[index] as number;
  }
  batch.images.fill(0, count * size);
  batch.labels.fill(0, count);
  batch.weights.fill(1, 0, count);
  batch.weights.fill(0, count);
  batch.count = count;
}

export interface BatchOptions {
  /** Shuffles the examples with this stream; without it they keep the order of `indices`. */
  readonly order?: RandomStream;
  /** Is filled and yielded each time: no garbage, but a batch is gone when the next is taken. */
  readonly into?: Batch;
}

/** Every example of `indices` once, in batches of `batchSize`; a batch of its own each time unless `into` is given. */
export function* batches(
  dataset: ImageDataset,
  indices: Uint32Array,
  batchSize: number,
  { order: stream, into }: BatchOptions = {},
): Generator<Batch, void> {
  if (into !== undefined && into.labels.length !== batchSize) {
    throw new DataError(
      `data: the batch to fill has ${into.labels.length} places, expected the batch size ${batchSize}`,
    );
  }
  const order = stream === undefined ? indices : epochOrder(indices, stream);
  for (let start = 0; start < order.length; start += batchSize) {
    const batch = into ?? createBatch(dataset, batchSize);
    fillBatch(batch, dataset, order, start);
    yield batch;
  }
}

/** The indices in a uniformly random order; `indices` stays as it is. */
export function epochOrder(indices: Uint32Array, stream: RandomStream): Uint32Array {
  requireArray('data: the list of examples', indices, 'Uint32Array');
  return stream.permutation(indices.length).map((place) => indices[place] as number);
}

/** 0 … examples − 1: every example of a data set. */
export function allIndices(dataset: ImageDataset): Uint32Array {
  return Uint32Array.from({ length: dataset.examples }, (_, index) => index);
}
