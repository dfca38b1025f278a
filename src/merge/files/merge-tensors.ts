/**
 * Merges all tensors of open files: surveys first, where the strategy needs them, then chunk by
 * chunk, in this thread and perhaps a second one. Of many files, sums are made file by file
 * (`sum-files.ts`), and other chunks get shorter (`merge-budget.ts`). The result is the same.
 */
import type { TakeTurn } from '../../base/turns.js';
import { dtypeBytes } from '../../tensor/dtype.js';
import { blockSize } from '../kernels/block.js';
import type { Statistics } from '../memory/by-role.js';
import { begin, isSurvey } from '../memory/survey.js';
import type { Combination, Strategy } from '../strategy.js';
import { sourcesOf } from './chunk-merger.js';
import { type ChunkWork, chunkRunner, chunkSurveyor, takeChunk } from './chunk-runner.js';
import { areMany, chunkBytesOf } from './merge-budget.js';
import { chunksOf, type OutputEntry, outputBytes } from './output-plan.js';
import { secondThread } from './second-thread.js';
import { isSummed, sumFiles, summationsOf } from './sum-files.js';

export interface TensorMerge extends Omit<ChunkWork, 'chunks'> {
  /** Of the output. */
  readonly entries: readonly OutputEntry[];
  readonly statistics: Statistics;
  readonly chunkBytes: number | undefined;
  readonly strategy: Strategy;
  readonly takeTurn: TakeTurn;
  /** @param doneBytes of the output, header and all */
  readonly onProgress: (doneBytes: number) => void;
}

export async function mergeTensors(merge: TensorMerge): Promise<void> {
  const { strategy, onProgress } = merge;
  const { length } = sourcesOf(merge.inputs, merge.base);
  const combination = await survey(merge);
  const { chunkBytes = chunkBytesOf(length) } = merge;
  const chunks = chunksOf(merge.entries, chunkBytes, merge.statistics);
  const bounded = merge.chunkBytes === undefined && areMany(length);
  const summations = bounded ? summationsOf(strategy, merge.inputs) : undefined;
  if (summations === undefined) {
    await mergeChunks({ ...merge, chunks }, combination);
    return;
  }
  const whole = chunksOf(merge.entries, Number.MAX_SAFE_INTEGER, merge.statistics);
  const summed = whole.filter((chunk) => isSummed(chunk, summations));
  const others = chunks.filter((chunk) => !isSummed(chunk, summations));
  await sumFiles({ ...merge, chunks: summed }, summations, merge.takeTurn, (doneBytes) =>
    onProgress(merge.dataStart + doneBytes),
  );
  const summedBytes = summed.reduce((sum, chunk) => sum + outputBytes(chunk), 0);
  await mergeChunks(
    { ...merge, chunks: others, onProgress: (doneBytes) => onProgress(summedBytes + doneBytes) },
    combination,
  );
}

/** How the strategy combines values, after the passes that it needs. */
async function survey(merge: TensorMerge): Promise<Combination> {
  const examples = merge.inputs.map((input) => input.examples);
  let stage = begin(merge.strategy, examples);
  if (!isSurvey(stage)) return stage;
  const chunks = chunksOf(merge.entries, surveyBytes(merge), merge.statistics);
  while (isSurvey(stage)) {
    const show = chunkSurveyor({ ...merge, chunks }, stage);
    for (const chunk of chunks) {
      show(chunk);
      await merge.takeTurn();
    }
    stage = stage.finish();
  }
  return stage;
}

/** A survey adds block by block: a chunk has whole blocks, however many files there are. */
function surveyBytes({ inputs, base, entries, chunkBytes }: TensorMerge): number {
  const { length } = sourcesOf(inputs, base);
  if (chunkBytes !== undefined) return chunkBytes;
  if (!areMany(length)) return chunkBytesOf(length);
  return blockSize * Math.max(...entries.map(({ from }) => dtypeBytes[from]));
}

/** The failed chunk that comes first decides the error. */
async function mergeChunks(
  { strategy, takeTurn, onProgress, ...work }: TensorMerge & ChunkWork,
  combination: Combination,
): Promise<void> {
  const taken = new Int32Array(new SharedArrayBuffer(4));
  const second = secondThread(work, strategy, taken);
  const run = chunkRunner(work, combination);
  let end = work.dataStart;
  const ends = work.chunks.map((chunk) => (end += outputBytes(chunk)));
  const failures: { readonly chunk: number; readonly error: unknown }[] = [];
  try {
    for (let chunk = takeChunk(work, taken); chunk !== undefined; chunk = takeChunk(work, taken)) {
      try {
        run(chunk);
      } catch (error) {
        failures.push({ chunk, error });
        break;
      }
      // The second thread has taken the chunks between, and has finished nearly all of them.
      onProgress(ends[chunk] as number);
      await takeTurn();
    }
  } finally {
    // Leaves no chunk for the second thread: it ends after its current one.
    Atomics.store(taken, 0, work.chunks.length);
    const chunk = await second;
    if (chunk !== undefined && chunk < (failures[0]?.chunk ?? Number.POSITIVE_INFINITY)) run(chunk);
  }
  if (failures[0] !== undefined) throw failures[0].error;
  onProgress(end);
}
