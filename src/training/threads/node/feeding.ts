/**
 * Batches that a thread of their own prepares while the step before runs: the engine's call blocks
 * the thread that makes it. Only augmented batches are worth it: without augmentation, filling a
 * batch is copying it, and takes microseconds.
 */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { createBatchRing, takeFromRing } from '../../../data/batches/batch-ring.js';
import { type BatchSource, type BatchTask, batchesHere } from '../../../data/batches/training-batches.js';
import type { Dataset } from '../../../data/dataset.js';
import type { Feeding } from './feeder.js';

/** One thread for all tasks of a worker, started for the first that is worth it. */
export function batchFeed(dataset: Dataset): (task: BatchTask) => BatchSource {
  let feeder: Worker | undefined;
  return (task) => {
    if (task.augmentation === undefined) return batchesHere(dataset, task);
    if (feeder === undefined) {
      // Workers are compiled modules: Node 20 runs no TypeScript.
      feeder = new Worker(createRequire(import.meta.url).resolve('#feeder'), { workerData: dataset });
      // It ends with the worker that it feeds, and what fails in it is told by the ring.
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
