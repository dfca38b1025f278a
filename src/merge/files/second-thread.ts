/** Runs half of a large merge in a thread of its own. Node only. */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { recipeOf } from '../strategies/strategies.js';
import type { Strategy } from '../strategy.js';
import type { ChunkWork } from './chunk-runner.js';
import type { MergeWorkerData } from './merge-worker.js';

/**
 * A thread takes some 40 ms to begin, and keeps this one from its work meanwhile: less than this is
 * merged faster alone.
 */
const WORTH_A_THREAD_BYTES = 512 * 2 ** 20;

/**
 * Starts a thread where it is worth it and the strategy is one of ours that needs no survey:
 * functions, and what they found out, do not pass from thread to thread.
 * @returns the chunk that failed there, once it has ended, if any did
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
  // Workers are compiled modules, since Node 20 runs no TypeScript: they need none of the hooks
  // that this process may have been started with, which would keep them from their work for as long
  // as a small merge takes.
  const worker = new Worker(createRequire(import.meta.url).resolve('#merge-worker'), {
    workerData,
    execArgv: [],
  });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
