/**
 * Merges many files by sums: reads one file after the other and adds it, so that memory holds the
 * sums and a piece of one file, however many files there are. A model whose sums do not fit is
 * merged section by section. The order of the additions, and so the bytes, are those of merging
 * chunk by chunk.
 */
import type { TakeTurn } from '../../base/turns.js';
import { dtypeBytes } from '../../tensor/dtype.js';
import { readChunk, type TensorSource, whileOpen } from '../../tensor/weights/node/tensor-source.js';
import { difference, firstNotFinite } from '../kernels/block.js';
import { type FloatFormat, floatFormat } from '../kernels/float-format.js';
import { simdBuffers } from '../kernels/simd.js';
import { checkVariances, type RoleRule } from '../memory/by-role.js';
import { notFinite, notStorable } from '../memory/checks.js';
import { mean } from '../strategies/mean.js';
import type { Strategy, Summation, ValueColumn } from '../strategy.js';
import type { ChunkBuffer } from './chunk-merger.js';
import { type ChunkWork, writeChunk } from './chunk-runner.js';
import { CHUNK_UNIT, MOST_BYTES } from './merge-budget.js';
import { type Chunk, outputBytes } from './output-plan.js';

export type Summations = Partial<Record<RoleRule, Summation>>;

/** By which sums each rule is merged; undefined if the strategy needs more than sums. */
export function summationsOf(strategy: Strategy, inputs: ChunkWork['inputs']): Summations | undefined {
  if (strategy.needs !== 'sum' || strategy.summation === undefined) return undefined;
  const examples = inputs.map((input) => input.examples);
  return { strategy: strategy.summation(examples), mean: mean().summation(examples) };
}

export const isSummed = ({ rule, dtype }: Chunk, summations: Summations): boolean =>
  summations[rule] !== undefined && floatFormat(dtype) !== undefined;

/**
 * @param work whose chunks are whole tensors, all of them merged by sums
 * @param onProgress receives the bytes of the output that are done
 */
export async function sumFiles(
  work: ChunkWork,
  summations: Summations,
  takeTurn: TakeTurn,
  onProgress: (doneBytes: number) => void,
): Promise<void> {
  const { inputs } = work;
  const names = Object.keys(inputs[0]?.auxiliaries ?? {});
  const adder = inputAdder(names, work.base);
  let done = 0;
  for (const section of sectionsOf(work.chunks, summations)) {
    const bytes = section.reduce((sum, { chunk }) => sum + outputBytes(chunk), 0);
    for (const [k, input] of inputs.entries()) {
      adder(section, input, k);
      onProgress(done + Math.floor((bytes * k) / inputs.length));
      await takeTurn();
    }
    for (const piece of section) {
      const output = new Uint8Array(outputBytes(piece.chunk));
      finish(piece, work.base, output);
      writeChunk(work, piece.chunk, output);
    }
    done += bytes;
    onProgress(done);
    await takeTurn();
  }
}

/** Values whose sums are in memory, and that are read at once. */
interface SummedPiece {
  readonly chunk: Chunk;
  readonly format: FloatFormat;
  readonly summation: Summation;
  readonly sums: readonly Float64Array[];
}

/** Cuts the tensors into pieces of `CHUNK_UNIT` bytes, and gathers as many as fit in memory. */
function* sectionsOf(tensors: readonly Chunk[], summations: Summations): Generator<SummedPiece[]> {
  let section: SummedPiece[] = [];
  let room = MOST_BYTES;
  for (const tensor of tensors) {
    const format = floatFormat(tensor.dtype) as FloatFormat;
    const summation = summations[tensor.rule] as Summation;
    for (let at = 0; at < tensor.bytes; at += CHUNK_UNIT) {
      const bytes = Math.min(CHUNK_UNIT, tensor.bytes - at);
      const size = bytes / dtypeBytes[tensor.dtype];
      const takes = 8 * size * summation.sums;
      if (takes > room && section.length > 0) {
        yield section;
        section = [];
        room = MOST_BYTES;
      }
      room -= takes;
      const chunk = {
        ...tensor,
        at: tensor.at + at,
        bytes,
        position: tensor.position + outputBytes({ ...tensor, bytes: at }),
      };
      const sums = Array.from({ length: summation.sums }, () => new Float64Array(size));
      section.push({ chunk, format, summation, sums });
    }
  }
  if (section.length > 0) yield section;
}

/** @returns a function that adds a section of one input to the sums */
function inputAdder(names: readonly string[], base: TensorSource | undefined) {
  const [own, ofBase, ...others] = simdBuffers(['own', 'base', ...names].map(() => CHUNK_UNIT)) as [
    ChunkBuffer,
    ChunkBuffer,
    ...ChunkBuffer[],
  ];
  const changes = new Float64Array(CHUNK_UNIT / 2);
  return (section: readonly SummedPiece[], input: ChunkWork['inputs'][number], k: number) => {
    const auxiliaries = names.map((name) => input.auxiliaries[name] as TensorSource);
    whileOpen([input.file, ...(base ? [base] : []), ...auxiliaries], ([file, ...rest]) => {
      const [start, attached] = base ? [rest[0], rest.slice(1)] : [undefined, rest];
      for (const { chunk, format, summation, sums } of section) {
        const values = (source: TensorSource, buffer: ChunkBuffer) =>
          finiteValues(source, chunk, format, buffer);
        const column = values(file as TensorSource, own);
        const isMerged = chunk.rule === 'strategy';
        const from = isMerged && start ? values(start, ofBase) : undefined;
        const added = from ? difference(column, from, changes.subarray(0, column.length)) : column;
        const columns = isMerged
          ? names.map((name, i) => [name, [values(attached[i] as TensorSource, others[i] as ChunkBuffer)]])
          : [];
        const at = chunk.at / dtypeBytes[chunk.dtype];
        const block = { tensor: chunk.name, at, auxiliaries: Object.fromEntries(columns) };
        summation.add(sums, added, k, block);
      }
    });
  };
}

function finiteValues(
  source: TensorSource,
  chunk: Chunk,
  format: FloatFormat,
  buffer: ChunkBuffer,
): ValueColumn {
  readChunk(source, chunk, buffer);
  const values = format.values(buffer, 0, chunk.bytes / dtypeBytes[chunk.dtype]);
  const bad = firstNotFinite(values);
  if (bad < 0) return values;
  const index = chunk.at / dtypeBytes[chunk.dtype] + bad;
  throw notFinite(chunk.name, index, values[bad] as number, `"${source.path}"`);
}

/** Rounds the sums to the output; of differences, after adding the base. */
function finish(
  { chunk, format, summation, sums }: SummedPiece,
  base: TensorSource | undefined,
  output: ChunkBuffer,
): void {
  const size = sums[0]?.length ?? 0;
  const written = floatFormat(chunk.into) as FloatFormat;
  const out = written.room(output, 0, size);
  if (base === undefined || chunk.rule !== 'strategy') summation.finish(out, sums);
  else {
    const merged = new Float64Array(size);
    summation.finish(merged, sums);
    const from = finiteValues(base, chunk, format, new Uint8Array(chunk.bytes));
    for (let i = 0; i < size; i++) out[i] = (from[i] as number) + (merged[i] as number);
  }
  const at = chunk.at / dtypeBytes[chunk.dtype];
  const bad = written.store(out, output, 0);
  if (bad >= 0) throw notStorable(chunk.name, at + bad, out[bad] as number, chunk.into);
  checkVariances(chunk.name, out, at);
}
