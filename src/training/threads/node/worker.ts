/** A worker thread of Node: sessions of one thread, and tasks one after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { receivedDataset } from '../../../data/paged/node/paging.js';
import { ortNode } from '../../../engine/runtime/node/ort-node.js';
import { taskWork } from '../../task-work.js';
import type { FromWorker, ToWorker, WorkerSetup } from '../../tasks.js';
import { batchFeed } from './feeding.js';

const port = parentPort;
if (port === null) throw new Error('internal: this module runs in a worker thread');
const { setup: sent, flag } = workerData as { setup: WorkerSetup; flag: Int32Array };
const setup: WorkerSetup = {
  ...sent,
  train: receivedDataset(sent.train),
  test: sent.test && receivedDataset(sent.test),
  poisoned: sent.poisoned && receivedDataset(sent.poisoned),
};
const send = (message: FromWorker) => port.postMessage(message);
const work = taskWork({
  runtime: ortNode(),
  setup,
  // The thread checks between steps whether to stop, since it must not be ended in the middle of
  // one.
  keepGoing: () => Atomics.load(flag, 0) === 0,
  batchesOf: batchFeed,
  send,
});

port.on('message', (message: ToWorker) => {
  if (message.type === 'close') port.close();
  else void work.answer(message);
});
send({ type: 'ready' });
