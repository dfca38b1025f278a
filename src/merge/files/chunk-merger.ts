/** Merges one chunk of files: bytes → bytes, in the dtype of its tensor or another one. */
import { dtypeBytes } from '../../tensor/dtype.js';
import { MergeError } from '../error.js';
import { blockSize, combineBlock, differences, firstNotFinite } from '../kernels/block.js';
import { type FloatFormat, floatFormat } from '../kernels/float-format.js';
import { largestIntegers } from '../kernels/largest-integers.js';
import { checkAlike, checkVariances, othersThanStrategy, type RoleRule } from '../memory/by-role.js';
import { notFinite, notStorable } from '../memory/checks.js';
import type { Combination, Survey, ValueColumn } from '../strategy.js';
import type { Chunk } from './output-plan.js';

/**
 * Values merged at a time. It is four times the block in memory, since each call of the SIMD loops
 * has a fixed cost in JavaScript.
 */
const BLOCK = 4 * blockSize;

/** A buffer for one chunk of a file. */
export type ChunkBuffer = Uint8Array<ArrayBuffer>;

/**
 * Merges into `output` the chunk's bytes of each input in order, then of the base if there is one,
 * then of each auxiliary of each input.
 */
export type ChunkMerger = (chunk: Chunk, buffers: readonly ChunkBuffer[], output: ChunkBuffer) => void;

/** Passes the chunk's blocks to a survey. */
export type ChunkReader = (chunk: Chunk, buffers: readonly ChunkBuffer[]) => void;

interface Named {
  readonly path: string;
}

/**
 * In an order that does not depend on how the files were named, unless the strategy depends on
 * their order.
 */
type InputFiles<File extends Named> = readonly {
  readonly file: File;
  readonly examples: number;
  readonly auxiliaries?: Readonly<Record<string, File>>;
}[];

/**
 * The files whose bytes are in the buffers of a chunk. For chunks that are copied, only the inputs
 * are.
 */
export function sourcesOf<File extends Named>(inputs: InputFiles<File>, base: File | undefined): File[] {
  const auxiliaries = auxiliaryNames(inputs).flatMap((name) =>
    inputs.map((input) => input.auxiliaries?.[name] as File),
  );
  return [...inputs.map(({ file }) => file), ...(base === undefined ? [] : [base]), ...auxiliaries];
}

/** @param first the index of the input that was named first */
export function chunkMerger(
  combination: Combination,
  inputs: InputFiles<Named>,
  base: Named | undefined,
  first = 0,
): ChunkMerger {
  const alone = inputs.map(({ file, examples }) => ({ file, examples }));
  const others = othersThanStrategy(first);
  const withoutBase = (rule: keyof typeof others) => floatMerger(others[rule], alone, undefined);
  const byRule: Readonly<Record<RoleRule, FloatMerger>> = {
    strategy: floatMerger(combination, inputs, base),
    mean: withoutBase('mean'),
    largest: withoutBase('largest'),
    first: withoutBase('first'),
    equal: floatMerger(others.equal, alone, undefined, checkAlike),
  };
  return (chunk, buffers, output) => {
    const format = floatFormat(chunk.dtype);
    const written = floatFormat(chunk.into);
    if (format !== undefined && written !== undefined)
      byRule[chunk.rule](chunk, format, written, buffers, output);
    else if (chunk.rule === 'largest') {
      largestIntegers(chunk.dtype, chunk.bytes, buffers.slice(0, inputs.length), output);
    } else if (chunk.rule === 'first') {
      output.set((buffers[first] as ChunkBuffer).subarray(0, chunk.bytes));
    } else {
      const files = inputs.map(({ file }) => file);
      copyEqual(chunk, files, buffers, output);
    }
  };
}

type FloatMerger = (
  chunk: Chunk,
  read: FloatFormat,
  written: FloatFormat,
  buffers: readonly ChunkBuffer[],
  output: ChunkBuffer,
) => void;

function floatMerger(
  combination: Combination,
  inputs: InputFiles<Named>,
  base: Named | undefined,
  checkColumns?: typeof checkAlike,
): FloatMerger {
  const columnsOf = columnReader(inputs, base);
  const examples = inputs.map((input) => input.examples);
  const { propagatesNonFinite = false } = combination;
  return (chunk, read, written, buffers, output) => {
    const size = chunk.bytes / dtypeBytes[chunk.dtype];
    for (let at = 0; at < size; at += BLOCK) {
      const count = Math.min(BLOCK, size - at);
      const { columns, baseColumn, block, check } = columnsOf(chunk, read, buffers, at, count);
      if (!propagatesNonFinite) check();
      checkColumns?.(chunk.name, columns, (k) => `"${inputs[k]?.file.path}"`, block.at);
      const out = written.room(output, at, count);
      combineBlock(combination, out, columns, examples, baseColumn, block);
      const bad = written.store(out, output, at);
      if (bad < 0) {
        checkVariances(chunk.name, out, block.at);
        continue;
      }
      check();
      throw notStorable(chunk.name, block.at + bad, out[bad] as number, chunk.into);
    }
  };
}

/** In the same blocks as in memory, so that a survey sees the same values. */
export function chunkReader(survey: Survey, inputs: InputFiles<Named>, base: Named | undefined): ChunkReader {
  const columnsOf = columnReader(inputs, base);
  return (chunk, buffers) => {
    const format = floatFormat(chunk.dtype);
    if (format === undefined) return;
    const size = chunk.bytes / dtypeBytes[chunk.dtype];
    for (let at = 0; at < size; at += blockSize) {
      const count = Math.min(blockSize, size - at);
      const { columns, baseColumn, block, check } = columnsOf(chunk, format, buffers, at, count);
      check();
      survey.see(differences(columns, baseColumn), block);
    }
  };
}

/**
 * @returns a function that finds the columns of a block in the buffers of a chunk, and a check that
 * all their values are finite.
 */
function columnReader(inputs: InputFiles<Named>, base: Named | undefined) {
  const sources = sourcesOf(inputs, base);
  const names = auxiliaryNames(inputs);
  const n = inputs.length;
  const others = base === undefined ? n : n + 1;
  return (chunk: Chunk, format: FloatFormat, buffers: readonly ChunkBuffer[], at: number, count: number) => {
    const values = sources.map((_, k) => format.values(buffers[k] as ChunkBuffer, at, count));
    const auxiliaries = names.map((name, k) => [name, values.slice(others + k * n, others + (k + 1) * n)]);
    const index = chunk.at / dtypeBytes[chunk.dtype] + at;
    return {
      columns: values.slice(0, n),
      baseColumn: base && values[n],
      block: { tensor: chunk.name, at: index, auxiliaries: Object.fromEntries(auxiliaries) },
      check() {
        values.forEach((column, k) => {
          checkFinite(column, sources[k] as Named, chunk.name, index);
        });
      },
    };
  };
}

const auxiliaryNames = (inputs: InputFiles<Named>) => Object.keys(inputs[0]?.auxiliaries ?? {});

function checkFinite(column: ValueColumn, { path }: Named, tensor: string, index: number): void {
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
      {
        hint: chunk.dtype.startsWith('F8')
          ? '8-bit floats have their scales in tensors beside them, and are not averaged: merge the 16-bit files that they were made from'
          : 'take integers as the first file has them, by --statistics first, or make them equal in all files',
      },
    );
  }
  output.set(expected);
}

function firstDifference(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return i;
  return -1;
}
