/**
 * The threads of pools. A thread ends with its pool, unless threads are kept: then it serves one
 * pool after another, which saves starting it (50 ms of a processor) and compiling its code anew.
 * Node only.
 */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { GpuAdapter } from '../../../engine/runtime/gpu-adapter.js';
import type { FromWorker, TaskMessage, WorkerSetup } from '../../tasks.js';

export type ToThread =
  | TaskMessage
  /** Before the tasks of a pool. */
  | {
      readonly type: 'begin';
      readonly setup: WorkerSetup;
      /** Computes, if there is one. */
      readonly gpu: GpuAdapter | undefined;
      /** 1 when the work should stop between two steps. */
      readonly flag: Int32Array;
    }
  /** After them: the thread answers with `ended` if it can serve another pool, or ends. */
  | { readonly type: 'end' }
  | { readonly type: 'close' };

export type FromThread = FromWorker | { readonly type: 'ended' };

/**
 * A worker has little garbage of its own: batches and states lie outside the heap. With the default
 * of 48 MB it grows all the same, and ten participants take 14 MB more, in no less time.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 6 };

const idle = new Set<Worker>();
let keepers = 0;

/** Keeps threads until what it returns is called, for programs that run many federations. */
export function keepThreads(): () => Promise<void> {
  keepers++;
  return async () => {
    keepers--;
    if (keepers === 0) await Promise.all([...idle].map(endThread));
  };
}

/** A kept thread, or a new one. */
export function takeThread(): Worker {
  const [kept] = idle;
  // Workers are compiled modules: Node 20 runs no TypeScript.
  if (kept === undefined)
    return new Worker(createRequire(import.meta.url).resolve('#worker'), { resourceLimits });
  idle.delete(kept);
  forget(kept);
  kept.ref();
  return kept;
}

/** Ends the work for a pool once the thread is idle; keeps the thread, or ends it. */
export async function endWork(worker: Worker): Promise<void> {
  if (keepers === 0) return endThread(worker);
  const isKept = await new Promise<boolean>((resolve) => {
    worker.on('message', ({ type }: FromThread) => type === 'ended' && resolve(true));
    worker.once('exit', () => resolve(false));
    worker.postMessage({ type: 'end' } satisfies ToThread);
  });
  if (!isKept) return;
  forget(worker);
  if (keepers === 0) return endThread(worker);
  // It does not keep the program from ending.
  worker.unref();
  worker.once('exit', () => idle.delete(worker));
  idle.add(worker);
}

/** By their names, since a worker listens to itself, too. */
function forget(worker: Worker): void {
  for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
}

function endThread(worker: Worker): Promise<void> {
  idle.delete(worker);
  worker.ref();
  return new Promise((resolve) => {
    worker.once('exit', () => resolve());
    worker.postMessage({ type: 'close' } satisfies ToThread);
  });
}
