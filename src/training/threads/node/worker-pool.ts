/**
 * A pool of worker threads of Node. Each runs sessions of one thread and does one task at a time,
 * so a task's result does not depend on the number of workers. Node only.
 */
import type { Worker } from 'node:worker_threads';
import { InterruptedError } from '../../../base/interrupted.js';
import type { GpuAdapter } from '../../../engine/runtime/gpu-adapter.js';
import type { WorkerSetup } from '../../tasks.js';
import { TaskPool, type TaskThread } from '../task-pool.js';
import { endWork, type FromThread, type ToThread, takeThread } from './threads.js';

export class WorkerPool extends TaskPool {
  /** The workers whose thread has not ended. */
  readonly #workers = new Set<Worker>();
  #closing: Promise<void> | undefined;

  /** @param gpu computes in place of the CPU; one worker uses it */
  constructor(setup: WorkerSetup, workers: number, gpu?: GpuAdapter) {
    super();
    for (let index = 0; index < workers; index++) {
      const flag = new Int32Array(new SharedArrayBuffer(4));
      const worker = takeThread();
      const thread: TaskThread = {
        begin(given) {
          Atomics.store(flag, 0, 0);
          worker.postMessage(given satisfies ToThread);
        },
        giveUp: () => void Atomics.store(flag, 0, 1),
      };
      this.#workers.add(worker);
      worker.on('message', (message: FromThread) => {
        if (message.type !== 'ended') this.receive(thread, message);
      });
      worker.on('error', (error) => this.fail(error));
      worker.on('exit', (code) => {
        this.#workers.delete(worker);
        if (this.#closing === undefined) this.fail(new Error(`internal: a worker thread ended with ${code}`));
      });
      worker.postMessage({ type: 'begin', setup, gpu, flag } satisfies ToThread);
    }
  }

  /** Ends the work of the threads once they are idle. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    this.stop();
    await Promise.all([...this.#workers].map(endWork));
    // A thread that was told to end during a task may have ended without a message.
    this.fail(new InterruptedError('interrupted'));
  }
}
