/**
 * Batches of one fixed shape. A training step is compiled for one batch size. A smaller last batch
 * keeps that size, and its empty places have the weight 0, so loss, gradient and metrics count
 * exactly the examples in it.
 */

import type { RandomStream } from '../../base/random.js';
import { requireArray } from '../../tensor/arrays.js';
import { sizeOf } from '../../tensor/shape.js';
import {
  type Column,
  type ColumnValues,
  checkColumns,
  type Dataset,
  emptyValues,
  fillPlace,
  heldExample,
  requireExample,
} from '../dataset.js';
import { DataError } from '../error.js';
import { type Draws, onGrid, writeAugmented } from '../images/augmentation.js';

export interface Batch {
  /**
   * One array for each input of the data set, [batch, …shape]; the first example again in empty
   * places.
   */
  readonly inputs: readonly ColumnValues[];
  /** One array for each target. */
  readonly targets: readonly ColumnValues[];
  /** [batch]: 1 for an example, 0 for an empty place. */
  readonly weights: Float32Array;
  /** The number of places that hold an example; these are the first ones. */
  count: number;
}

/** An empty batch for examples of this data set, which can be filled repeatedly. */
export function createBatch(dataset: Dataset, batchSize: number): Batch {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new DataError(`data: the batch size is ${batchSize}, expected a whole number from 1`);
  }
  checkColumns(dataset);
  return {
    inputs: dataset.inputs.map((column) => emptyValues(column, batchSize)),
    targets: dataset.targets.map((column) => emptyValues(column, batchSize)),
    weights: new Float32Array(batchSize),
    count: 0,
  };
}

/**
 * Fills `batch` with the examples at `order[start]`, `order[start + 1]`, …, as many as exist and
 * fit.
 * @param draws for each place of `order`, how its picture is augmented; not at all by default
 */
export function fillBatch(
  batch: Batch,
  dataset: Dataset,
  order: Uint32Array,
  start: number,
  draws?: Draws,
): void {
  requireArray('data: the list of examples', order, 'Uint32Array');
  const count = Math.max(0, Math.min(batch.weights.length, order.length - start));
  const fill = (columns: readonly Column[], into: readonly ColumnValues[]) => {
    for (const [k, column] of columns.entries()) {
      const values = into[k] as ColumnValues;
      const size = sizeOf(column.shape);
      const moved = draws !== undefined && onGrid(dataset, column);
      for (let place = 0; place < count; place++) {
        const index = order[start + place] as number;
        requireExample(dataset, index);
        if (moved) writeAugmented(values, place * size, ...heldExample(column, index), draws, start + place);
        else fillPlace(values, place, column, index);
      }
      // Not zeros: a text without a token would be NaN, and NaN times the weight 0 is NaN.
      if (count === 0) values.fill(0);
      for (let place = count; place < batch.weights.length && count > 0; place++) {
        values.copyWithin(place * size, 0, size);
      }
    }
  };
  fill(dataset.inputs, batch.inputs);
  fill(dataset.targets, batch.targets);
  batch.weights.fill(1, 0, count);
  batch.weights.fill(0, count);
  batch.count = count;
}

export interface BatchOptions {
  /** Shuffles the examples with this stream; without it they keep the order of `indices`. */
  readonly order?: RandomStream;
  /**
   * This batch is filled and yielded each time. That makes no garbage, but overwrites the batch
   * when the next is taken.
   */
  readonly into?: Batch;
}

/**
 * Yields each example of `indices` once, in batches of `batchSize`. Each batch is a new one unless
 * `into` is given.
 */
export function* batches(
  dataset: Dataset,
  indices: Uint32Array,
  batchSize: number,
  { order: stream, into }: BatchOptions = {},
): Generator<Batch, void> {
  if (into !== undefined && into.weights.length !== batchSize) {
    throw new DataError(
      `data: the batch to fill has ${into.weights.length} places, expected the batch size ${batchSize}`,
    );
  }
  const order = stream === undefined ? indices : epochOrder(indices, stream);
  for (let start = 0; start < order.length; start += batchSize) {
    const batch = into ?? createBatch(dataset, batchSize);
    fillBatch(batch, dataset, order, start);
    yield batch;
  }
}

/** The indices in a uniformly random order. `indices` is not changed. */
export function epochOrder(indices: Uint32Array, stream: RandomStream): Uint32Array {
  requireArray('data: the list of examples', indices, 'Uint32Array');
  // In place: the list may have millions of examples.
  const order = stream.permutation(indices.length);
  for (let at = 0; at < order.length; at++) order[at] = indices[order[at] as number] as number;
  return order;
}

/** 0 … examples − 1: all examples of a data set. */
export function allIndices(dataset: Dataset): Uint32Array {
  return Uint32Array.from({ length: dataset.examples }, (_, index) => index);
}
