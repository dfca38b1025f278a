/**
 * The batches of a piece of training: epoch after epoch, each in an order of its own. What the batch of a step holds is a
 * function of the task alone, whichever thread fills it, and whenever. Epochs begin anew in every round, or go on from round to round.
 */
import { randomStream } from '../../base/random.js';
import type { Dataset } from '../dataset.js';
import { type Augmentation, drawAugmentation, requirePictures } from '../images/augmentation.js';
import { type Batch, createBatch, epochOrder, fillBatch } from './batches.js';

/** Everything that decides the batches; it can be cloned into another thread. */
export interface BatchTask {
  /** The participant's training examples. */
  readonly indices: Uint32Array;
  readonly batchSize: number;
  /** Batches in all. */
  readonly steps: number;
  readonly seed: number;
  readonly participant: string;
  readonly round: number;
  /**
   * Steps that the participant did before these: its epochs go on where those ended, whatever the rounds are, and step t
   * reads what (seed, participant, t) say. Without it the first epoch begins here, in an order of the round's own.
   */
  readonly stepsBefore?: number | undefined;
  readonly augmentation?: Augmentation | undefined;
}

/** Where the batches come from, one after the other. */
export interface BatchSource {
  /** The next batch; it is gone when the one after it is asked for. */
  next(): Batch;
  /** No more are wanted. */
  close(): void;
}

/** Fills `batch` with the next one at every call. */
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

/** Batches filled when they are asked for, in this thread. */
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
