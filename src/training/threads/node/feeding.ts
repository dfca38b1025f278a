/**
 * Prepares batches in a second thread while the step before runs, since a step blocks the thread
 * that calls it. This is done for augmented batches, and for those that are read from a file:
 * filling another batch is copying it, and takes microseconds.
 */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { createBatchRing, takeFromRing } from '../../../data/batches/batch-ring.js';
import { type BatchSource, type BatchTask, batchesHere } from '../../../data/batches/training-batches.js';
import type { Dataset } from '../../../data/dataset.js';
import { isPaged } from '../../../data/paged-values.js';
import type { Feeding } from './feeder.js';

/** Whether a second thread prepares them. */
export const needsFeeder = ({ inputs }: Dataset, { augmentation }: BatchTask): boolean =>
  augmentation !== undefined || inputs.some(({ values }) => isPaged(values));

/**
 * The source of batches of a worker. One thread serves all its tasks, and starts with the first
 * that needs it.
 */
export function batchFeed(dataset: Dataset): (task: BatchTask) => BatchSource {
  let feeder: Worker | undefined;
  return (task) => {
    if (!needsFeeder(dataset, task)) return batchesHere(dataset, task);
    if (feeder === undefined) {
      // Workers are compiled modules: Node 20 runs no TypeScript.
      feeder = new Worker(createRequire(import.meta.url).resolve('#feeder'), { workerData: dataset });
      // The thread ends with the worker that it feeds. The ring passes on its errors.
      feeder.unref();
      feeder.on('error', () => {
        feeder = undefined;
      });
    }
    const ring = createBatchRing(dataset, task.batchSize);
    feeder.postMessage({ task, ring } satisfies Feeding);
    return takeFromRing(ring);
  };
}
