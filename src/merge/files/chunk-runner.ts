/**
 * Merges files chunk by chunk: the thread that has the files open reads a chunk of each, merges
 * them, and writes the result where it belongs.
 */
import { writeSync } from 'node:fs';
import { simdBuffers } from '../kernels/simd.js';
import type { Combination, Survey } from '../strategy.js';
import { type ChunkBuffer, chunkMerger, chunkReader, sourcesOf } from './chunk-merger.js';
import { type Chunk, readChunk, type TensorSource } from './tensor-source.js';

/** What does not change from chunk to chunk. It can be cloned into another thread. */
export interface ChunkWork {
  /**
   * In an order that does not depend on how they were named, but for a strategy to which their
   * order means something.
   */
  readonly inputs: readonly {
    readonly file: TensorSource;
    readonly examples: number;
    readonly auxiliaries: Readonly<Record<string, TensorSource>>;
  }[];
  /** Which of the inputs was named first. */
  readonly first: number;
  readonly base: TensorSource | undefined;
  readonly chunks: readonly Chunk[];
  /** Where the first chunk begins in the output; the others follow. */
  readonly dataStart: number;
  readonly outputFd: number;
}

/**
 * The index of a chunk that nobody has taken yet; `taken` counts, in memory that all threads share.
 */
export function takeChunk({ chunks }: ChunkWork, taken: Int32Array): number | undefined {
  const index = Atomics.add(taken, 0, 1);
  return index < chunks.length ? index : undefined;
}

/** @returns what merges the chunk of this index. */
export function chunkRunner(work: ChunkWork, combination: Combination): (index: number) => void {
  const { chunks, dataStart, outputFd } = work;
  const read = chunkFiller(work);
  const merge = chunkMerger(combination, work.inputs, work.base, work.first);
  let end = dataStart;
  const positions = chunks.map(({ bytes }) => {
    end += bytes;
    return end - bytes;
  });
  return (index) => {
    const chunk = chunks[index] as Chunk;
    const { buffers, output } = read(chunk);
    merge(chunk, buffers, output);
    const position = positions[index] as number;
    for (let done = 0; done < chunk.bytes; ) {
      done += writeSync(outputFd, output, done, chunk.bytes - done, position + done);
    }
  };
}

/** @returns what shows the survey a chunk. */
export function chunkSurveyor(work: ChunkWork, survey: Survey): (chunk: Chunk) => void {
  const read = chunkFiller(work);
  const show = chunkReader(survey, work.inputs, work.base);
  return (chunk) => {
    if (chunk.rule === 'strategy') show(chunk, read(chunk).buffers);
  };
}

/** @returns what reads a chunk of every file, into buffers that are used again for the next. */
function chunkFiller({ inputs, base, chunks }: ChunkWork) {
  const sources = sourcesOf(inputs, base);
  const chunkBytes = chunks.reduce((largest, { bytes }) => Math.max(largest, bytes), 0);
  const buffers = simdBuffers([...sources, 'output'].map(() => chunkBytes));
  const output = buffers.pop() as ChunkBuffer;
  return (chunk: Chunk) => {
    // What the strategy does not merge needs no base, and what travels with updates may lack it.
    const read = chunk.rule === 'strategy' ? sources : sources.slice(0, inputs.length);
    read.forEach((file, k) => {
      readChunk(file, chunk, buffers[k] as ChunkBuffer);
    });
    return { buffers, output };
  };
}
