/** A thread that prepares the batches of one training worker ahead of it. */
import { parentPort, workerData } from 'node:worker_threads';
import { type BatchRing, fillRing } from '../../../data/batches/batch-ring.js';
import { type BatchTask, batchFiller } from '../../../data/batches/training-batches.js';
import type { Dataset } from '../../../data/dataset.js';
import { receivedDataset } from '../../../data/paged/node/paging.js';

export interface Feeding {
  readonly task: BatchTask;
  readonly ring: BatchRing;
}

const dataset = receivedDataset(workerData as Dataset);
parentPort?.on('message', ({ task, ring }: Feeding) => {
  fillRing(ring, task.steps, batchFiller(dataset, task));
});
