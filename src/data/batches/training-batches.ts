/**
 * The batches of local training: epoch after epoch, each in a random order of its own. The content
 * of a step's batch depends only on the task, not on the thread that fills it or on the time.
 * Epochs start anew in each round, or continue from round to round.
 */
import { randomStream } from '../../base/random.js';
import type { Dataset } from '../dataset.js';
import { type Augmentation, drawAugmentation, requirePictures } from '../images/augmentation.js';
import { type Batch, createBatch, epochOrder, fillBatch } from './batches.js';

/** Everything that determines the batches. It can be cloned into another thread. */
export interface BatchTask {
  /** The participant's training examples. */
  readonly indices: Uint32Array;
  readonly batchSize: number;
  /** The number of batches. */
  readonly steps: number;
  readonly seed: number;
  readonly participant: string;
  readonly round: number;
  /**
   * The number of the participant's steps before these. Its epochs then continue from there,
   * whatever the rounds are: step t depends on (seed, participant, t). Without it, the first epoch
   * starts here, in an order for this round.
   */
  readonly stepsBefore?: number | undefined;
  readonly augmentation?: Augmentation | undefined;
}

/** A source of batches, one after the other. */
export interface BatchSource {
  /** The next batch. It is overwritten when the following one is requested. */
  next(): Batch;
  /** Says that no more batches are wanted. */
  close(): void;
}

/** Returns a function that fills `batch` with the next batch at each call. */
export function batchFiller(dataset: Dataset, task: BatchTask): (batch: Batch) => void {
  const { indices, batchSize, seed, participant, round, stepsBefore, augmentation } = task;
  if (augmentation !== undefined) requirePictures(dataset);
  const perEpoch = Math.ceil(indices.length / batchSize);
  const key = (epoch: number, purpose: string) =>
    stepsBefore === undefined
      ? randomStream(seed, participant, round, epoch, purpose)
      : randomStream(seed, participant, epoch, purpose);
  let step = stepsBefore ?? 0;
  let drawn = -1;
  let order = indices;
  let draws: ReturnType<typeof drawAugmentation> | undefined;
  return (batch) => {
    const epoch = Math.floor(step / perEpoch);
    if (epoch !== drawn) {
      order = epochOrder(indices, key(epoch, 'order'));
      draws = augmentation && drawAugmentation(augmentation, order.length, key(epoch, 'augmentation'));
      drawn = epoch;
    }
    fillBatch(batch, dataset, order, (step % perEpoch) * batchSize, draws);
    step++;
  };
}

/** Fills batches when they are requested, in this thread. */
export function batchesHere(dataset: Dataset, task: BatchTask): BatchSource {
  const batch = createBatch(dataset, task.batchSize);
  const fill = batchFiller(dataset, task);
  return {
    next() {
      fill(batch);
      return batch;
    },
    close() {},
  };
}
