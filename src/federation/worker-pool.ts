/**
 * A pool of worker threads that carries out tasks in the order in which they were asked for. Each worker has one thread
 * and does one task at a time, so a task's result does not depend on how many workers there are. Node only.
 */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { FeatureSums } from '../merge/refit/feature-sums.js';
import { DivergedError, FederationError, InterruptedError } from './error.js';
import type { LocalProgress, LocalResult } from './local-training.js';
import type {
  EvaluateTask,
  FisherTask,
  FromWorker,
  SumFeaturesTask,
  Task,
  TaskRunner,
  ToWorker,
  TrainTask,
  WorkerSetup,
} from './tasks.js';

interface Job {
  readonly id: number;
  readonly task: Task;
  readonly onProgress: ((progress: LocalProgress) => void) | undefined;
  readonly resolve: (result: LocalResult | WorkerResult) => void;
  readonly reject: (error: Error) => void;
}
type WorkerResult = Extract<FromWorker, { type: 'done' }>['result'];

export class WorkerPool implements TaskRunner {
  readonly #stop = new Int32Array(new SharedArrayBuffer(4));
  /** Those whose thread has not ended. */
  readonly #workers = new Set<Worker>();
  readonly #idle: Worker[] = [];
  readonly #running = new Map<Worker, Job>();
  readonly #queue: Job[] = [];
  #nextId = 0;
  #closing = false;
  /** Of the first thread that ended when it should not have: nothing more is done then. */
  #failure: Error | undefined;

  constructor(setup: WorkerSetup, workers: number) {
    // Workers are compiled modules: Node 20 runs no TypeScript.
    const script = createRequire(import.meta.url).resolve('#worker');
    for (let i = 0; i < workers; i++) {
      const worker = new Worker(script, { workerData: { setup, stop: this.#stop } });
      this.#workers.add(worker);
      worker.on('message', (message: FromWorker) => this.#receive(worker, message));
      worker.on('error', (error) => this.#fail(error));
      worker.on('exit', (code) => {
        this.#workers.delete(worker);
        if (!this.#closing) this.#fail(new Error(`internal: a worker thread ended with ${code}`));
      });
    }
  }

  train(task: TrainTask, onProgress?: (progress: LocalProgress) => void): Promise<LocalResult> {
    return this.#submit(task, onProgress) as Promise<LocalResult>;
  }

  evaluate(task: EvaluateTask) {
    return this.#submit(task) as ReturnType<TaskRunner['evaluate']>;
  }

  sumFeatures(task: SumFeaturesTask) {
    return this.#submit(task) as Promise<FeatureSums>;
  }

  fisher(task: FisherTask) {
    return this.#submit(task) as Promise<Float32Array>;
  }

  /** Gives up all tasks, between two steps; each is rejected with InterruptedError. */
  stop(): void {
    Atomics.store(this.#stop, 0, 1);
    for (const job of this.#queue.splice(0)) job.reject(new InterruptedError('interrupted'));
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
  }

  #submit(task: Task, onProgress?: (progress: LocalProgress) => void) {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) reject(this.#failure);
      else if (Atomics.load(this.#stop, 0) !== 0) reject(new InterruptedError('interrupted'));
      else {
        this.#queue.push({ id: this.#nextId++, task, onProgress, resolve, reject });
        this.#dispatch();
      }
    });
  }

  #dispatch() {
    while (this.#idle.length > 0 && this.#queue.length > 0) {
      const worker = this.#idle.shift() as Worker;
      const job = this.#queue.shift() as Job;
      this.#running.set(worker, job);
      worker.postMessage({ type: 'task', id: job.id, task: job.task } satisfies ToWorker);
    }
  }

  #receive(worker: Worker, message: FromWorker) {
    if (message.type === 'ready') {
      this.#idle.push(worker);
      this.#dispatch();
      return;
    }
    const job = this.#running.get(worker);
    if (job?.id !== message.id) return;
    if (message.type === 'progress') {
      job.onProgress?.(message.progress);
      return;
    }
    this.#running.delete(worker);
    this.#idle.push(worker);
    if (message.type === 'failed') job.reject(errorFrom(message));
    else if (message.result === undefined) job.reject(new InterruptedError('interrupted'));
    else job.resolve(message.result);
    this.#dispatch();
  }

  /** What a lost thread was doing is lost, and who waits for the others' work would wait for it too. */
  #fail(error: Error) {
    this.#failure ??= error;
    Atomics.store(this.#stop, 0, 1);
    for (const job of [...this.#running.values(), ...this.#queue.splice(0)]) job.reject(this.#failure);
    this.#running.clear();
  }
}

/** A user's mistake stays one across threads. */
function errorFrom({ message, hint, stack, kind }: Extract<FromWorker, { type: 'failed' }>): Error {
  const options = hint === undefined ? {} : { hint };
  switch (kind) {
    case 'diverged':
      return new DivergedError(message, options);
    case 'user':
      return new FederationError(message, options);
    case 'internal':
      return Object.assign(new Error(message), stack === undefined ? {} : { stack });
  }
}
