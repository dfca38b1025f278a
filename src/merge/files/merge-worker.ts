/**
 * The second thread of a merge. Both threads take the next free chunk, so it does not matter when
 * this one begins. A chunk that fails here ends this thread. The main thread then merges that chunk
 * again and reports the error.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { begin, isSurvey } from '../memory/survey.js';
import { builders } from '../strategies/builders.js';
import type { StrategyRecipe } from '../strategies/strategies.js';
import type { Strategy } from '../strategy.js';
import { type ChunkWork, chunkRunner, takeChunk } from './chunk-runner.js';

export interface MergeWorkerData {
  readonly work: ChunkWork;
  /** A strategy that needs no survey. */
  readonly recipe: StrategyRecipe;
  /** Counts the chunks that are taken. */
  readonly taken: Int32Array;
}

const { work, recipe, taken } = workerData as MergeWorkerData;
const build = builders[recipe.name] as (parameters: unknown) => Strategy;
const combination = begin(build(recipe.parameters), []);
if (isSurvey(combination)) throw new Error(`internal: ${recipe.name} asks a second thread for a survey`);
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
