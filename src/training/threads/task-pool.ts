/**
 * A queue of tasks for a few threads that do one at a time, in order. Subclasses bring the threads:
 * workers of Node, or the one of a page.
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
  SurveyTask,
  TaskMessage,
  TaskResult,
  TaskRunner,
  TrainTask,
  WorkerFailure,
  WorkerTask,
} from '../tasks.js';

export interface TaskThread {
  /** Begins a task. The thread is idle, and a task that it was to give up has ended. */
  begin(given: TaskMessage): void;
  /** Gives up the current task, between two steps. */
  giveUp(): void;
}

interface QueuedTask {
  readonly id: number;
  readonly task: WorkerTask;
  readonly onProgress: ((progress: LocalProgress) => void) | undefined;
  /** Removes the listener of the task's signal. */
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
  /** The error of the first thread that ended unexpectedly; no task begins after it. */
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

  survey(task: SurveyTask, signal?: AbortSignal) {
    return this.#submit(task, signal) as Promise<Float64Array>;
  }

  /** Gives up all tasks, between two steps; each is rejected with InterruptedError. */
  stop(): void {
    this.#stopped = true;
    for (const thread of this.#running.keys()) thread.giveUp();
    for (const job of this.#queue.splice(0)) reject(job, new InterruptedError('interrupted'));
  }

  /** Handles a message from a thread. */
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
   * The task of a thread that ended is lost, and a caller that waits for all tasks would wait for
   * it too. So all tasks fail.
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

  /** Removes a task that waits; stops one that runs at its next step. */
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

/** The error of a failure in a thread. A user's mistake keeps its kind. */
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
