/**
 * Plans the merged file: its tensors, and the chunks in which it is made. The plan does not depend
 * on the order of the inputs.
 */
import { type Dtype, dtypeBytes } from '../../tensor/dtype.js';
import type { SafetensorsEntry, SafetensorsMetadata } from '../../tensor/safetensors-header.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Piece, TensorSource } from '../../tensor/weights/node/tensor-source.js';
import { type RoleRule, ruleOf, type Statistics } from '../memory/by-role.js';

/** A piece that is merged as one. It is read in `dtype`. */
export interface Chunk extends Piece {
  readonly rule: RoleRule;
  /** The dtype in which it is written. */
  readonly into: Dtype;
  /** Where it begins in the tensors of the output, in bytes. */
  readonly position: number;
}

export const outputBytes = ({ bytes, dtype, into }: Pick<Chunk, 'bytes' | 'dtype' | 'into'>): number =>
  (bytes / dtypeBytes[dtype]) * dtypeBytes[into];

/** A tensor of the output. */
export interface OutputEntry extends SafetensorsEntry {
  /** The dtype in which it is read. */
  readonly from: Dtype;
}

type Described = Pick<TensorSource, 'tensors' | 'metadata' | 'format'>;

/**
 * The table of the output: the tensors in the inputs' order. If their orders differ, or other
 * programs wrote them, wide dtypes come first, then names decide, as the format's own library
 * writes them.
 * @param dtypes in which tensors are read, where inputs differ
 * @param into in which floating-point numbers are written; by default, as they are read
 */
export function outputEntries(
  inputs: readonly Described[],
  dtypes: ReadonlyMap<string, Dtype> = new Map(),
  into: (from: Dtype) => Dtype = (from) => from,
): OutputEntry[] {
  const [first, ...others] = inputs.map(({ tensors }) => [...tensors.values()]);
  const tensors = (first ?? []).map(({ name, shape, dtype }) => {
    const from = dtypes.get(name) ?? dtype;
    return { name, shape, from, dtype: into(from) };
  });
  const agree = others.every((entries) => entries.every((entry, k) => entry.name === tensors[k]?.name));
  if (!agree || inputs.some(({ format }) => format !== 'safetensors')) {
    tensors.sort((a, b) => dtypeBytes[b.dtype] - dtypeBytes[a.dtype] || (a.name < b.name ? -1 : 1));
  }
  let end = 0;
  return tensors.map((tensor) => {
    const begin = end;
    end += sizeOf(tensor.shape) * dtypeBytes[tensor.dtype];
    return { ...tensor, begin, end };
  });
}

/** The metadata that all inputs share. Loaders look there for the framework that wrote a file. */
export function commonMetadata(inputs: readonly Described[]): SafetensorsMetadata {
  const [first, ...others] = inputs.map(({ metadata }) => metadata);
  const pairs = Object.entries(first ?? {});
  return Object.fromEntries(
    pairs.filter(([key, value]) => others.every((metadata) => metadata[key] === value)),
  );
}

/**
 * All tensors in order, in chunks of which at most `chunkBytes` are read of each input. Each chunk
 * lies in one tensor and says how it is merged.
 */
export function chunksOf(
  entries: readonly OutputEntry[],
  chunkBytes: number,
  statistics: Statistics = 'mean',
): Chunk[] {
  const chunks: Chunk[] = [];
  for (const { name, shape, from, dtype: into, begin } of entries) {
    const rule = ruleOf(name, from, statistics);
    const size = sizeOf(shape) * dtypeBytes[from];
    for (let at = 0; at < size; at += chunkBytes) {
      const bytes = Math.min(chunkBytes, size - at);
      const position = begin + outputBytes({ bytes: at, dtype: from, into });
      chunks.push({ name, dtype: from, into, rule, at, bytes, position });
    }
  }
  return chunks;
}
