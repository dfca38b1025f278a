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
  /** Does not listen to the task's signal any more. */
  readonly forget: () => void;
  readonly resolve: (result: LocalResult | WorkerResult) => void;
  readonly reject: (error: Error) => void;
}
type WorkerResult = Extract<FromWorker, { type: 'done' }>['result'];

export class WorkerPool implements TaskRunner {
  /** Raised where work shall stop between two steps: the first all of it, the others that of one worker each. */
  readonly #flags: Int32Array;
  /** Those whose thread has not ended, and the places of their flags. */
  readonly #workers = new Map<Worker, number>();
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
    this.#flags = new Int32Array(new SharedArrayBuffer(4 * (1 + workers)));
    for (let own = 1; own <= workers; own++) {
      const worker = new Worker(script, { workerData: { setup, flags: this.#flags, own } });
      this.#workers.set(worker, own);
      worker.on('message', (message: FromWorker) => this.#receive(worker, message));
      worker.on('error', (error) => this.#fail(error));
      worker.on('exit', (code) => {
        this.#workers.delete(worker);
        if (!this.#closing) this.#fail(new Error(`internal: a worker thread ended with ${code}`));
      });
    }
  }

  train(
    task: TrainTask,
    onProgress?: (progress: LocalProgress) => void,
    signal?: AbortSignal,
  ): Promise<LocalResult> {
    return this.#submit(task, signal, onProgress) as Promise<LocalResult>;
  }

  evaluate(task: EvaluateTask, signal?: AbortSignal) {
    return this.#submit(task, signal) as ReturnType<TaskRunner['evaluate']>;
  }

  sumFeatures(task: SumFeaturesTask) {
    return this.#submit(task) as Promise<FeatureSums>;
  }

  fisher(task: FisherTask, signal?: AbortSignal) {
    return this.#submit(task, signal) as Promise<Float32Array>;
  }

  /** Gives up all tasks, between two steps; each is rejected with InterruptedError. */
  stop(): void {
    Atomics.store(this.#flags, 0, 1);
    for (const job of this.#queue.splice(0)) job.reject(new InterruptedError('interrupted'));
  }

  /** Ends the threads once they are idle. */
  async close(): Promise<void> {
    this.stop();
    this.#closing = true;
    await Promise.all(
      [...this.#workers.keys()].map((worker) => {
        const ended = new Promise((resolve) => worker.once('exit', resolve));
        worker.postMessage({ type: 'close' } satisfies ToWorker);
        return ended;
      }),
    );
  }

  #submit(task: Task, signal?: AbortSignal, onProgress?: (progress: LocalProgress) => void) {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) reject(this.#failure);
      else if (Atomics.load(this.#flags, 0) !== 0 || signal?.aborted) {
        reject(new InterruptedError('interrupted'));
      } else {
        const giveUp = () => this.#giveUp(job);
        const forget = () => signal?.removeEventListener('abort', giveUp);
        const job: Job = { id: this.#nextId++, task, onProgress, forget, resolve, reject };
        signal?.addEventListener('abort', giveUp);
        this.#queue.push(job);
        this.#dispatch();
      }
    });
  }

  /** One that waits is gone; one that runs stops at its next step. */
  #giveUp(job: Job) {
    const place = this.#queue.indexOf(job);
    if (place >= 0) {
      this.#queue.splice(place, 1);
      job.forget();
      job.reject(new InterruptedError('interrupted'));
    }
    for (const [worker, running] of this.#running) if (running === job) this.#raise(worker, 1);
  }

  #raise(worker: Worker, flag: 0 | 1) {
    const own = this.#workers.get(worker);
    if (own !== undefined) Atomics.store(this.#flags, own, flag);
  }

  #dispatch() {
    while (this.#idle.length > 0 && this.#queue.length > 0) {
      const worker = this.#idle.shift() as Worker;
      const job = this.#queue.shift() as Job;
      this.#running.set(worker, job);
      this.#raise(worker, 0);
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
    job.forget();
    if (message.type === 'failed') job.reject(errorFrom(message));
    else if (message.result === undefined) job.reject(new InterruptedError('interrupted'));
    else job.resolve(message.result);
    this.#dispatch();
  }

  /** What a lost thread was doing is lost, and who waits for the others' work would wait for it too. */
  #fail(error: Error) {
    this.#failure ??= error;
    Atomics.store(this.#flags, 0, 1);
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
