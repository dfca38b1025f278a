/** Merging files chunk by chunk: whoever has the files open reads a chunk of each, merges, and writes it where it belongs. */
import { writeSync } from 'node:fs';
import { type ChunkBuffer, chunkMerger } from './chunk-merger.js';
import { simdBuffers } from './simd.js';
import type { Strategy } from './strategy.js';
import { type Chunk, readChunk, type TensorSource } from './tensor-file.js';

/** What does not change from chunk to chunk. But for the strategy it can be cloned into another thread. */
export interface ChunkWork {
  /** In an order that does not depend on how they were named. */
  readonly inputs: readonly { readonly file: TensorSource; readonly examples: number }[];
  readonly base: TensorSource | undefined;
  readonly chunks: readonly Chunk[];
  /** Where the first chunk begins in the output; the others follow. */
  readonly dataStart: number;
  readonly outputFd: number;
}

/** The index of a chunk that nobody has taken yet; `taken` counts, in memory that all threads share. */
export function takeChunk({ chunks }: ChunkWork, taken: Int32Array): number | undefined {
  const index = Atomics.add(taken, 0, 1);
  return index < chunks.length ? index : undefined;
}

/** @returns what merges the chunk of this index. */
export function chunkRunner(work: ChunkWork, strategy: Strategy): (index: number) => void {
  const { inputs, base, chunks, dataStart, outputFd } = work;
  const sources = [...inputs.map(({ file }) => file), ...(base === undefined ? [] : [base])];
  const chunkBytes = chunks.reduce((largest, { bytes }) => Math.max(largest, bytes), 0);
  const buffers = simdBuffers([...sources, outputFd].map(() => chunkBytes));
  const output = buffers.pop() as ChunkBuffer;
  const merge = chunkMerger(strategy, inputs, base);
  let end = dataStart;
  const positions = chunks.map(({ bytes }) => {
    end += bytes;
    return end - bytes;
  });
  return (index) => {
    const chunk = chunks[index] as Chunk;
    sources.forEach((file, k) => {
      readChunk(file, chunk, buffers[k] as ChunkBuffer);
    });
    merge(chunk, buffers, output);
    const position = positions[index] as number;
    for (let done = 0; done < chunk.bytes; ) {
      done += writeSync(outputFd, output, done, chunk.bytes - done, position + done);
    }
  };
}
