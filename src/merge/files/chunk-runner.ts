/**
 * Merges files chunk by chunk: reads a chunk of each, merges them, and writes the result to its
 * place.
 */
import { writeSync } from 'node:fs';
import { readChunk, type TensorSource } from '../../tensor/weights/node/tensor-source.js';
import { simdBuffers } from '../kernels/simd.js';
import type { Combination, Survey } from '../strategy.js';
import { type ChunkBuffer, chunkMerger, chunkReader, sourcesOf } from './chunk-merger.js';
import { type Chunk, outputBytes } from './output-plan.js';

/** The parts of a merge that are the same for all chunks. It can be cloned into another thread. */
export interface ChunkWork {
  /**
   * In an order that does not depend on how the files were named, unless the strategy depends on
   * their order.
   */
  readonly inputs: readonly {
    readonly file: TensorSource;
    readonly examples: number;
    readonly auxiliaries: Readonly<Record<string, TensorSource>>;
  }[];
  /** The index of the input that was named first. */
  readonly first: number;
  readonly base: TensorSource | undefined;
  readonly chunks: readonly Chunk[];
  /** Where the tensors begin in the output. */
  readonly dataStart: number;
  readonly outputFd: number;
}

/** The index of the next free chunk. `taken` counts chunks in memory that all threads share. */
export function takeChunk({ chunks }: ChunkWork, taken: Int32Array): number | undefined {
  const index = Atomics.add(taken, 0, 1);
  return index < chunks.length ? index : undefined;
}

/** @returns a function that merges the chunk with this index. */
export function chunkRunner(work: ChunkWork, combination: Combination): (index: number) => void {
  const read = chunkFiller(work);
  const merge = chunkMerger(combination, work.inputs, work.base, work.first);
  return (index) => {
    const chunk = work.chunks[index] as Chunk;
    const { buffers, output } = read(chunk);
    merge(chunk, buffers, output);
    writeChunk(work, chunk, output);
  };
}

/** Writes a merged chunk to its place in the output. */
export function writeChunk(
  { dataStart, outputFd }: Pick<ChunkWork, 'dataStart' | 'outputFd'>,
  chunk: Chunk,
  output: Uint8Array,
): void {
  const bytes = outputBytes(chunk);
  for (let done = 0; done < bytes; ) {
    done += writeSync(outputFd, output, done, bytes - done, dataStart + chunk.position + done);
  }
}

/** @returns a function that passes a chunk to the survey. */
export function chunkSurveyor(work: ChunkWork, survey: Survey): (chunk: Chunk) => void {
  const read = chunkFiller(work);
  const show = chunkReader(survey, work.inputs, work.base);
  return (chunk) => {
    if (chunk.rule === 'strategy') show(chunk, read(chunk).buffers);
  };
}

/**
 * @returns a function that reads a chunk of each file, into buffers that are reused for the next.
 */
function chunkFiller({ inputs, base, chunks }: ChunkWork) {
  const sources = sourcesOf(inputs, base);
  const chunkBytes = chunks.reduce((largest, { bytes }) => Math.max(largest, bytes), 0);
  const writtenBytes = chunks.reduce((largest, chunk) => Math.max(largest, outputBytes(chunk)), 0);
  const buffers = simdBuffers([...sources.map(() => chunkBytes), writtenBytes]);
  const output = buffers.pop() as ChunkBuffer;
  return (chunk: Chunk) => {
    // Tensors that the strategy does not merge need no base, and auxiliaries may lack them.
    const read = chunk.rule === 'strategy' ? sources : sources.slice(0, inputs.length);
    read.forEach((file, k) => {
      readChunk(file, chunk, buffers[k] as ChunkBuffer);
    });
    return { buffers, output };
  };
}
