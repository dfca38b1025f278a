/** Merges half of a large merge in a second thread. Node only. */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { recipeOf } from '../strategies/strategies.js';
import type { Strategy } from '../strategy.js';
import type { ChunkWork } from './chunk-runner.js';
import type { MergeWorkerData } from './merge-worker.js';

/**
 * Starting a thread takes some 40 ms and blocks this one meanwhile: smaller merges are faster
 * alone.
 */
const WORTH_A_THREAD_BYTES = 512 * 2 ** 20;

/**
 * Starts a thread if the merge is large and the strategy is a built-in one that needs no survey:
 * functions, and what a survey found, cannot be passed to another thread.
 * @returns once the thread has ended, the chunk that failed there, if any
 */
export async function secondThread(
  work: ChunkWork,
  strategy: Strategy,
  taken: Int32Array,
): Promise<number | undefined> {
  const placewise = strategy.needs === 'sum' || strategy.needs === 'columns';
  const bytes = work.chunks.reduce((sum, chunk) => sum + chunk.bytes, 0) * (work.inputs.length + 1);
  const recipe = recipeOf(strategy);
  if (recipe === undefined || !placewise || bytes < WORTH_A_THREAD_BYTES) return undefined;
  const workerData: MergeWorkerData = { work, recipe, taken };
  // Workers run compiled modules, since Node 20 runs no TypeScript. So they need no hooks of this
  // process, such as loaders, which would delay them by as long as a small merge takes.
  const worker = new Worker(createRequire(import.meta.url).resolve('#merge-worker'), {
    workerData,
    execArgv: [],
  });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
