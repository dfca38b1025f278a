/**
 * Plans the merged file: its tensors, and the chunks in which it is made. The plan does not depend
 * on the order of the inputs.
 */
import { dtypeBytes } from '../../tensor/dtype.js';
import type { SafetensorsEntry, SafetensorsMetadata } from '../../tensor/safetensors-header.js';
import { ruleOf, type Statistics } from '../memory/by-role.js';
import type { Chunk, TensorSource } from './tensor-source.js';

type Described = Pick<TensorSource, 'header'>;

/**
 * The table of the output: the tensors in the inputs' order. If their orders differ, wide dtypes
 * come first, then names decide, as the format's own library writes them.
 */
export function outputEntries(inputs: readonly Described[]): SafetensorsEntry[] {
  const [first, ...others] = inputs.map(({ header }) => header.entries);
  const tensors = [...(first ?? [])];
  const agree = others.every((entries) => entries.every((entry, k) => entry.name === tensors[k]?.name));
  if (!agree) {
    tensors.sort((a, b) => dtypeBytes[b.dtype] - dtypeBytes[a.dtype] || (a.name < b.name ? -1 : 1));
  }
  let end = 0;
  return tensors.map((tensor) => {
    const begin = end;
    end += tensor.end - tensor.begin;
    return { ...tensor, begin, end };
  });
}

/** The metadata that all inputs share. Loaders look there for the framework that wrote a file. */
export function commonMetadata(inputs: readonly Described[]): SafetensorsMetadata {
  const [first, ...others] = inputs.map(({ header }) => header.metadata);
  const pairs = Object.entries(first ?? {});
  return Object.fromEntries(
    pairs.filter(([key, value]) => others.every((metadata) => metadata[key] === value)),
  );
}

/**
 * The bytes of all tensors in order, in chunks of at most `chunkBytes`. Each chunk lies in one
 * tensor and says how it is merged.
 */
export function chunksOf(
  entries: readonly SafetensorsEntry[],
  chunkBytes: number,
  statistics: Statistics = 'mean',
): Chunk[] {
  const chunks: Chunk[] = [];
  for (const { name, dtype, begin, end } of entries) {
    const rule = ruleOf(name, dtype, statistics);
    for (let at = 0; at < end - begin; at += chunkBytes) {
      const bytes = Math.min(chunkBytes, end - begin - at);
      chunks.push({ name, dtype, rule, at, bytes, position: begin + at });
    }
  }
  return chunks;
}
