/**
 * A second thread of a merge. Both threads take the next chunk that nobody has taken, so it does not matter when this one
 * begins. A chunk that fails here ends it; whoever started it merges that chunk once more and meets the error itself.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type ChunkWork, chunkRunner, takeChunk } from './chunk-runner.js';
import { strategyByName } from './strategies.js';
import { begin, isSurvey } from './survey.js';

export interface MergeWorkerData {
  readonly work: ChunkWork;
  /** The name of one that needs no survey. */
  readonly strategy: string;
  /** How many chunks are taken. */
  readonly taken: Int32Array;
}

const { work, strategy, taken } = workerData as MergeWorkerData;
const combination = begin(strategyByName(strategy), []);
if (isSurvey(combination)) throw new Error(`internal: ${strategy} asks a second thread for a survey`);
const run = chunkRunner(work, combination);
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
