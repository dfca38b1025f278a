/**
 * Runs tasks in a page: one module worker carries them out, so that the calling thread stays free.
 * The caller may be a worker too. For pages.
 */

import { InterruptedError } from '../../../base/interrupted.js';
import type { OrtWebOptions } from '../../../engine/runtime/page/ort-web.js';
import { TrainingError } from '../../error.js';
import type { TaskRunner, WorkerSetup } from '../../tasks.js';
import { errorFrom, TaskPool, type TaskThread } from '../task-pool.js';
import type { FromPageWorker, PageRuntime, ToPageWorker } from './page-training-worker.js';

export type { PageRuntime } from './page-training-worker.js';

export interface PageTasks extends TaskRunner {
  /** The runtime and its version, such as "onnxruntime-web 1.30.0". */
  readonly runtime: string;
  /** "wasm", or "webgpu (vendor, architecture)". */
  readonly device: string;
  readonly threads: number;
  /** Says in words why a better device is not used. */
  readonly notice: string | undefined;
  /** Ends the worker; its tasks are rejected with InterruptedError. */
  close(): void;
}

/**
 * Resolves when the training session is open. If no device was chosen and the GPU cannot open the
 * network, WebAssembly is used.
 * @param setup may depend on the runtime, since a plan is fastest if its batches are cut for
 *   `partBytes`
 * @throws TrainingError when the chosen device is not there, or cannot open the network
 */
export async function pageTasks(
  setup: WorkerSetup | ((runtime: PageRuntime) => WorkerSetup),
  options: OrtWebOptions = {},
): Promise<PageTasks> {
  try {
    return await openedOn(setup, options);
  } catch (error) {
    const { device = 'auto', ...others } = options;
    if (device !== 'auto' || !(error instanceof GpuError)) throw error;
    const notice = `${error.gpu} cannot open this network, so WebAssembly does the work: ${error.reason}`;
    return openedOn(setup, { device: 'wasm', ...others }, notice);
  }
}

/** A GPU is there, but cannot open the network. */
class GpuError extends TrainingError {
  readonly gpu: string;
  readonly reason: string;

  constructor(gpu: string, cause: Error) {
    super(`federation: ${gpu} cannot open this network: ${cause.message}`, {
      hint: 'choose the device "wasm"',
      cause,
    });
    this.gpu = gpu;
    this.reason = cause.message;
  }
}

async function openedOn(
  setup: WorkerSetup | ((runtime: PageRuntime) => WorkerSetup),
  options: OrtWebOptions,
  notice?: string,
): Promise<PageTasks> {
  const worker = new PageWorker();
  try {
    const runtime = await worker.start(options);
    await worker.open(typeof setup === 'function' ? setup(runtime) : setup).catch((error: Error) => {
      throw runtime.device.startsWith('webgpu') ? new GpuError(runtime.device, error) : error;
    });
    const { name, device, threads } = runtime;
    return Object.assign(worker, { runtime: name, device, threads, notice });
  } catch (error) {
    worker.close();
    throw error;
  }
}

class PageWorker extends TaskPool {
  readonly #worker = new Worker(new URL('./page-training-worker.js', import.meta.url), {
    type: 'module',
    name: 'training',
  });
  /**
   * Set to 1 to give up a task between two steps, if the page may share memory with its workers.
   */
  readonly #flag = globalThis.crossOriginIsolated ? new Int32Array(new SharedArrayBuffer(4)) : undefined;
  readonly #thread: TaskThread = {
    begin: (given) => {
      if (this.#flag !== undefined) Atomics.store(this.#flag, 0, 0);
      this.#send(given);
    },
    giveUp: () => {
      if (this.#flag === undefined) this.#send({ type: 'give-up' });
      else Atomics.store(this.#flag, 0, 1);
    },
  };
  /** The promise of the next answer, before there are tasks. */
  #answered: { resolve(runtime: PageRuntime | undefined): void; reject(error: Error): void } | undefined;

  constructor() {
    super();
    this.#worker.addEventListener('message', ({ data }: MessageEvent<FromPageWorker>) => this.#hear(data));
    this.#worker.addEventListener('error', (event) => {
      event.preventDefault();
      // The event of a script that cannot be loaded has no message.
      const reason = event.message ? `ended: ${event.message}` : 'cannot be loaded';
      this.#end(reason);
    });
    this.#worker.addEventListener('messageerror', () => this.#end('sent what cannot be read'));
  }

  start(options: OrtWebOptions): Promise<PageRuntime> {
    return this.#ask({ type: 'start', options }) as Promise<PageRuntime>;
  }

  async open(setup: WorkerSetup): Promise<void> {
    await this.#ask({ type: 'setup', setup, flag: this.#flag });
  }

  close(): void {
    this.stop();
    this.#worker.terminate();
    const error = new InterruptedError('interrupted');
    this.#answered?.reject(error);
    this.fail(error);
  }

  #ask(message: ToPageWorker): Promise<PageRuntime | undefined> {
    return new Promise((resolve, reject) => {
      this.#answered = { resolve, reject };
      this.#send(message);
    });
  }

  #hear(message: FromPageWorker) {
    switch (message.type) {
      case 'started':
        this.#answered?.resolve(message.runtime);
        return;
      case 'refused':
        this.#answered?.reject(errorFrom(message));
        return;
      case 'ready':
        this.#answered?.resolve(undefined);
        this.receive(this.#thread, message);
        return;
      default:
        this.receive(this.#thread, message);
    }
  }

  #end(how: string) {
    const error = new TrainingError(`federation: the training worker of this page ${how}`, {
      hint: 'load the page again',
    });
    this.#worker.terminate();
    this.#answered?.reject(error);
    this.fail(error);
  }

  #send(message: ToPageWorker) {
    this.#worker.postMessage(message);
  }
}
