/**
 * The training worker of a page, a module worker. It loads ONNX Runtime, opens the sessions, and
 * carries out tasks one after the other. A step blocks it, so it reads in shared memory whether to
 * continue. In a page without shared memory it takes a turn of its event loop between steps, in
 * which a message can arrive. For pages.
 */

import { turnTaker } from '../../../base/turns.js';
import { batchesHere } from '../../../data/batches/training-batches.js';
import { ortInPage } from '../../../engine/runtime/page/ort-in-page.js';
import type { OrtWebOptions } from '../../../engine/runtime/page/ort-web.js';
import { type Runtime, RuntimeError } from '../../../engine/runtime/runtime.js';
import { type TaskWork, taskWork, workerFailure } from '../../task-work.js';
import type { FromWorker, TaskMessage, WorkerFailure, WorkerSetup } from '../../tasks.js';
import { buffersOf } from '../moved-buffers.js';

export type ToPageWorker =
  /** The first message. */
  | { readonly type: 'start'; readonly options: OrtWebOptions }
  /**
   * Comes after the worker has described its runtime. The flag gives up a task; without a flag, a
   * message does.
   */
  | { readonly type: 'setup'; readonly setup: WorkerSetup; readonly flag: Int32Array | undefined }
  | { readonly type: 'give-up' }
  | TaskMessage;

/** The runtime of the worker, as the page sees it. */
export type PageRuntime = Pick<Runtime, 'name' | 'device' | 'threads' | 'partBytes'>;

export type FromPageWorker =
  | FromWorker
  | { readonly type: 'started'; readonly runtime: PageRuntime }
  /** The worker cannot start, or cannot open this network. */
  | ({ readonly type: 'refused' } & WorkerFailure);

let runtime: Runtime | undefined;
let work: TaskWork | undefined;
let givenUp = false;

async function start(options: OrtWebOptions) {
  runtime = await ortInPage(options);
  const { name, device, threads, partBytes } = runtime;
  send({ type: 'started', runtime: { name, device, threads, partBytes } });
}

async function setUp(setup: WorkerSetup, flag: Int32Array | undefined) {
  if (runtime === undefined) throw new Error('internal: this worker has not started');
  const takeTurn = turnTaker();
  work = taskWork({
    ...{ runtime, setup, send },
    keepGoing: flag === undefined ? () => takeTurn().then(() => !givenUp) : () => Atomics.load(flag, 0) === 0,
    // Augmented batches too: they take a tenth of a millisecond, and a step takes many
    // milliseconds.
    batchesOf: (dataset) => (task) => batchesHere(dataset, task),
  });
  await work.openTraining();
  send({ type: 'ready' });
}

function send(message: FromPageWorker) {
  const transfer = message.type === 'done' ? buffersOf(message.result) : [];
  self.postMessage(message, { transfer });
}

/** Before there are tasks, an error of the runtime means that the chosen device does not work. */
function refuse(error: Error) {
  const chosen = error instanceof RuntimeError && ({ kind: 'user', hint: error.hint } as const);
  send({ type: 'refused', ...workerFailure(error), ...chosen });
}

self.addEventListener('message', ({ data: message }: MessageEvent<ToPageWorker>) => {
  switch (message.type) {
    case 'start':
      start(message.options).catch(refuse);
      break;
    case 'setup':
      setUp(message.setup, message.flag).catch(refuse);
      break;
    case 'give-up':
      givenUp = true;
      break;
    case 'task':
      givenUp = false;
      void work?.answer(message);
      break;
  }
});
