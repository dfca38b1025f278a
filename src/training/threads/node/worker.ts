/**
 * A worker thread of Node: sessions of one thread, and tasks one after the other, for one pool at a
 * time.
 */
import { parentPort } from 'node:worker_threads';
import type { Dataset } from '../../../data/dataset.js';
import { receivedDataset } from '../../../data/paged/node/paging.js';
import { isPaged } from '../../../data/paged-values.js';
import { freeArray } from '../../../engine/runtime/node/free-array.js';
import { ortNode } from '../../../engine/runtime/node/ort-node.js';
import { ortNodeGpu } from '../../../engine/runtime/node/ort-node-gpu.js';
import { type TaskWork, taskWork } from '../../task-work.js';
import type { WorkerSetup, WorkerTask } from '../../tasks.js';
import { buffersOf } from '../moved-buffers.js';
import { batchFeed, needsFeeder } from './feeding.js';
import type { FromThread, ToThread } from './threads.js';

const port = parentPort;
if (port === null) throw new Error('internal: this module runs in a worker thread');
const send = (message: FromThread) =>
  port.postMessage(message, message.type === 'done' ? buffersOf(message.result) : []);

let work: TaskWork | undefined;
let running: Promise<void> = Promise.resolve();
/** Whether something is open that ends with the thread: a file of columns, or a feeder. */
let hasOpened = false;

function begin({ setup: sent, gpu, flag }: Extract<ToThread, { type: 'begin' }>): TaskWork {
  const setup: WorkerSetup = {
    ...sent,
    train: received(sent.train),
    test: sent.test && received(sent.test),
    poisoned: sent.poisoned && received(sent.poisoned),
  };
  return taskWork({
    runtime: gpu === undefined ? ortNode() : ortNodeGpu(gpu),
    // A session on a GPU would compile its kernels again.
    givesBack: gpu === undefined,
    setup,
    // The thread checks between steps whether to stop, since it must not be ended in the middle of
    // one.
    keepGoing: () => Atomics.load(flag, 0) === 0,
    batchesOf(dataset) {
      const batches = batchFeed(dataset);
      return (task) => {
        hasOpened ||= needsFeeder(dataset, task);
        return batches(task);
      };
    },
    send,
  });
}

function received<Set extends Dataset>(dataset: Set): Set {
  hasOpened ||= dataset.inputs.some(({ values }) => isPaged(values));
  return receivedDataset(dataset);
}

async function end(): Promise<void> {
  await running;
  if (hasOpened) return port?.close();
  await work?.release();
  work = undefined;
  send({ type: 'ended' });
}

port.on('message', (message: ToThread) => {
  switch (message.type) {
    case 'begin':
      work = begin(message);
      send({ type: 'ready' });
      break;
    case 'task':
      running = work?.answer(message).then(() => freeArrays(message.task)) ?? running;
      break;
    case 'end':
      void end();
      break;
    case 'close':
      port.close();
  }
});

/** A task came as a copy, of models and of lists of examples: garbage of many megabytes. */
function freeArrays(task: WorkerTask): void {
  for (const value of Object.values(task)) if (ArrayBuffer.isView(value)) freeArray(value);
}
