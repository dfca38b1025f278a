/**
 * A second thread of a merge. Both threads take the next chunk that nobody has taken, so it does not matter when this one
 * begins. A chunk that fails here ends it; whoever started it merges that chunk once more and meets the error itself.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type ChunkWork, chunkRunner, takeChunk } from './chunk-runner.js';
import { type StrategyName, strategyByName } from './strategies.js';

export interface MergeWorkerData {
  readonly work: ChunkWork;
  readonly strategy: StrategyName;
  /** How many chunks are taken. */
  readonly taken: Int32Array;
}

const { work, strategy, taken } = workerData as MergeWorkerData;
const run = chunkRunner(work, strategyByName(strategy));
let failed: number | undefined;
for (let chunk = takeChunk(work, taken); chunk !== undefined; chunk = takeChunk(work, taken)) {
  try {
    run(chunk);
  } catch {
    failed = chunk;
    break;
  }
}
parentPort?.postMessage(failed);
