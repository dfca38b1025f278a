/** Merging one chunk of files: bytes → bytes, in the dtype of its tensor. */
import { dtypeBytes } from '../tensor/safetensors-header.js';
import { combineBlock, firstNotFinite } from './block.js';
import { notFinite, notStorable } from './checks.js';
import { MergeError } from './error.js';
import { type FloatFormat, floatFormat } from './float-format.js';
import type { Column, Strategy } from './strategy.js';
import type { Chunk } from './tensor-file.js';

/** Values merged at a time: four times as many as in memory, since each call of the SIMD loops costs some JavaScript. */
const BLOCK = 32_768;

/** Room for one chunk of a file. */
export type ChunkBuffer = Uint8Array<ArrayBuffer>;

/** Merges the chunk's bytes of every input, in their order, then of the base where there is one, into `output`. */
export type ChunkMerger = (chunk: Chunk, buffers: readonly ChunkBuffer[], output: ChunkBuffer) => void;

interface Named {
  readonly path: string;
}

/** @param inputs the inputs, in an order that does not depend on how they were named */
export function chunkMerger(
  strategy: Strategy,
  inputs: readonly { readonly file: Named; readonly examples: number }[],
  base: Named | undefined,
): ChunkMerger {
  const files = inputs.map((input) => input.file);
  const sources = base === undefined ? files : [...files, base];
  const examples = inputs.map((input) => input.examples);
  const { propagatesNonFinite = false } = strategy;

  const mergeFloats = (
    chunk: Chunk,
    format: FloatFormat,
    buffers: readonly ChunkBuffer[],
    output: ChunkBuffer,
  ) => {
    const width = dtypeBytes[chunk.dtype];
    const size = chunk.bytes / width;
    for (let at = 0; at < size; at += BLOCK) {
      const count = Math.min(BLOCK, size - at);
      const index = chunk.at / width + at;
      const columns = sources.map((source, k) => {
        const column = format.values(buffers[k] as ChunkBuffer, at, count);
        if (!propagatesNonFinite) checkFinite(column, source, chunk.name, index);
        return column;
      });
      const out = format.values(output, at, count);
      combineBlock(strategy, out, columns.slice(0, files.length), examples, columns[files.length]);
      const bad = format.store(out, output, at);
      if (bad < 0) continue;
      columns.forEach((column, k) => {
        checkFinite(column, sources[k] as Named, chunk.name, index);
      });
      throw notStorable(chunk.name, index + bad, out[bad] as number, chunk.dtype);
    }
  };
  return (chunk, buffers, output) => {
    const format = floatFormat(chunk.dtype);
    if (format === undefined) copyEqual(chunk, files, buffers, output);
    else mergeFloats(chunk, format, buffers, output);
  };
}

function checkFinite(column: Column, { path }: Named, tensor: string, index: number): void {
  const bad = firstNotFinite(column);
  if (bad >= 0) throw notFinite(tensor, index + bad, column[bad] as number, `"${path}"`);
}

function copyEqual(
  chunk: Chunk,
  files: readonly Named[],
  buffers: readonly ChunkBuffer[],
  output: ChunkBuffer,
): void {
  const [first] = files;
  const expected = (buffers[0] as ChunkBuffer).subarray(0, chunk.bytes);
  for (const [k, file] of files.entries()) {
    const bytes = (buffers[k] as ChunkBuffer).subarray(0, chunk.bytes);
    const differs = firstDifference(bytes, expected);
    if (differs < 0) continue;
    const index = Math.floor((chunk.at + differs) / dtypeBytes[chunk.dtype]);
    throw new MergeError(
      `merge: "${chunk.name}" is ${chunk.dtype} and differs at index ${index} between "${first?.path}" and "${file.path}", expected equal values`,
      { hint: 'only F64, F32, F16 and BF16 can be merged: make this tensor equal in all files' },
    );
  }
  output.set(expected);
}

function firstDifference(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return i;
  return -1;
}
