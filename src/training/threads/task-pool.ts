/**
 * A pool of tasks in the order in which they were asked for, for a few threads that do one at a
 * time. Subclasses say what the threads are: workers of Node, or the one of a page.
 */

import { InterruptedError } from '../../base/interrupted.js';
import type { FeatureSums } from '../../merge/refit/feature-sums.js';
import { DivergedError, TrainingError } from '../error.js';
import type { LocalProgress, LocalResult } from '../local-training.js';
import type {
  EvaluateTask,
  FromWorker,
  MeanTask,
  SumFeaturesTask,
  TaskMessage,
  TaskResult,
  TaskRunner,
  TrainTask,
  WorkerFailure,
  WorkerTask,
} from '../tasks.js';

export interface TaskThread {
  /** It is idle, and what it was told to give up is over. */
  begin(given: TaskMessage): void;
  /** What it does shall be given up, between two steps. */
  giveUp(): void;
}

interface QueuedTask {
  readonly id: number;
  readonly task: WorkerTask;
  readonly onProgress: ((progress: LocalProgress) => void) | undefined;
  /** Does not listen to the task's signal any more. */
  readonly forget: () => void;
  readonly resolve: (result: TaskResult) => void;
  readonly reject: (error: Error) => void;
}

export class TaskPool implements TaskRunner {
  readonly #idle: TaskThread[] = [];
  readonly #running = new Map<TaskThread, QueuedTask>();
  readonly #queue: QueuedTask[] = [];
  #nextId = 0;
  #stopped = false;
  /** Of the first thread that ended when it should not have: nothing more is done then. */
  #failure: Error | undefined;

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

  mean(task: MeanTask, signal?: AbortSignal) {
    return this.#submit(task, signal) as Promise<Float32Array>;
  }

  /** Gives up all tasks, between two steps; each is rejected with InterruptedError. */
  stop(): void {
    this.#stopped = true;
    for (const thread of this.#running.keys()) thread.giveUp();
    for (const job of this.#queue.splice(0)) reject(job, new InterruptedError('interrupted'));
  }

  /** What a thread has sent. */
  protected receive(thread: TaskThread, message: FromWorker): void {
    if (message.type === 'ready') {
      this.#idle.push(thread);
      this.#dispatch();
      return;
    }
    const job = this.#running.get(thread);
    if (job?.id !== message.id) return;
    if (message.type === 'progress') {
      job.onProgress?.(message.progress);
      return;
    }
    this.#running.delete(thread);
    this.#idle.push(thread);
    if (message.type === 'failed') reject(job, errorFrom(message));
    else if (message.result === undefined) reject(job, new InterruptedError('interrupted'));
    else {
      job.forget();
      job.resolve(message.result);
    }
    this.#dispatch();
  }

  /**
   * What a lost thread was doing is lost, and who waits for the others' work would wait for it too.
   */
  protected fail(error: Error): void {
    this.#failure ??= error;
    const jobs = [...this.#running.values(), ...this.#queue.splice(0)];
    for (const thread of this.#running.keys()) thread.giveUp();
    this.#running.clear();
    for (const job of jobs) reject(job, this.#failure);
  }

  #submit(task: WorkerTask, signal?: AbortSignal, onProgress?: (progress: LocalProgress) => void) {
    return new Promise<TaskResult>((resolve, reject) => {
      if (this.#failure !== undefined) reject(this.#failure);
      else if (this.#stopped || signal?.aborted) reject(new InterruptedError('interrupted'));
      else {
        const giveUp = () => this.#giveUp(job);
        const forget = () => signal?.removeEventListener('abort', giveUp);
        const job: QueuedTask = { id: this.#nextId++, task, onProgress, forget, resolve, reject };
        signal?.addEventListener('abort', giveUp);
        this.#queue.push(job);
        this.#dispatch();
      }
    });
  }

  /** One that waits is gone; one that runs stops at its next step. */
  #giveUp(job: QueuedTask) {
    const place = this.#queue.indexOf(job);
    if (place >= 0) {
      this.#queue.splice(place, 1);
      reject(job, new InterruptedError('interrupted'));
    }
    for (const [thread, running] of this.#running) if (running === job) thread.giveUp();
  }

  #dispatch() {
    while (this.#idle.length > 0 && this.#queue.length > 0) {
      const thread = this.#idle.shift() as TaskThread;
      const job = this.#queue.shift() as QueuedTask;
      this.#running.set(thread, job);
      thread.begin({ type: 'task', id: job.id, task: job.task });
    }
  }
}

function reject(job: QueuedTask, error: Error) {
  job.forget();
  job.reject(error);
}

/** A user's mistake stays one across threads. */
export function errorFrom({ message, hint, stack, kind }: WorkerFailure): Error {
  const options = hint === undefined ? {} : { hint };
  switch (kind) {
    case 'diverged':
      return new DivergedError(message, options);
    case 'user':
      return new TrainingError(message, options);
    case 'internal':
      return Object.assign(new Error(message), stack === undefined ? {} : { stack });
  }
}
