/**
 * A pool of worker threads of Node. Each runs sessions of one thread and does one task at a time,
 * so a task's result does not depend on the number of workers. Node only.
 */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { InterruptedError } from '../../../base/interrupted.js';
import type { FromWorker, ToWorker, WorkerSetup } from '../../tasks.js';
import { TaskPool, type TaskThread } from '../task-pool.js';

/**
 * A worker has little garbage of its own: batches and states lie outside the heap. With the default
 * of 48 MB it grows all the same, and ten participants take 14 MB more, in no less time.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 6 };

export class WorkerPool extends TaskPool {
  /** The workers whose thread has not ended. */
  readonly #workers = new Set<Worker>();
  #closing = false;

  constructor(setup: WorkerSetup, workers: number) {
    super();
    // Workers are compiled modules: Node 20 runs no TypeScript.
    const script = createRequire(import.meta.url).resolve('#worker');
    for (let index = 0; index < workers; index++) {
      // Set to 1 when the work should stop between two steps.
      const flag = new Int32Array(new SharedArrayBuffer(4));
      const worker = new Worker(script, { workerData: { setup, flag }, resourceLimits });
      const thread: TaskThread = {
        begin(given) {
          Atomics.store(flag, 0, 0);
          worker.postMessage(given satisfies ToWorker);
        },
        giveUp: () => void Atomics.store(flag, 0, 1),
      };
      this.#workers.add(worker);
      worker.on('message', (message: FromWorker) => this.receive(thread, message));
      worker.on('error', (error) => this.fail(error));
      worker.on('exit', (code) => {
        this.#workers.delete(worker);
        if (!this.#closing) this.fail(new Error(`internal: a worker thread ended with ${code}`));
      });
    }
  }

  /** Ends the threads once they are idle. */
  async close(): Promise<void> {
    this.stop();
    this.#closing = true;
    await Promise.all(
      [...this.#workers].map((worker) => {
        const ended = new Promise((resolve) => worker.once('exit', resolve));
        worker.postMessage({ type: 'close' } satisfies ToWorker);
        return ended;
      }),
    );
    // A thread that was told to end during a task may have ended without a message.
    this.fail(new InterruptedError('interrupted'));
  }
}
