/**
 * An order of files that does not depend on the order in which they were named, since sums of floating-point numbers
 * depend on their order: by content, as bytes, tensor after tensor. Files are read only as far as two of them agree, so
 * for trained weights one chunk each, where a hash would have to read everything once more. Files that agree to the end
 * are told apart by their numbers of examples; where these agree too, exchanging them changes nothing.
 */
import { type Chunk, readChunk, type TensorFile } from './tensor-file.js';

export interface Contribution {
  readonly file: TensorFile;
  readonly examples: number;
}

/** The contributions in the order of their content. `chunkBytes` is the size of the largest chunk. */
export function orderByContent(
  contributions: readonly Contribution[],
  chunks: readonly Chunk[],
  chunkBytes: number,
): Contribution[] {
  /** In order; the members of one group have agreed so far. */
  let groups = [contributions];
  const buffers = contributions.map(() => new Uint8Array(chunkBytes));
  for (const chunk of chunks) {
    if (groups.every((group) => group.length === 1)) break;
    groups = groups.flatMap((group) => split(group, chunk, buffers));
  }
  return groups.flatMap((group) => [...group].sort((a, b) => a.examples - b.examples));
}

function split(
  group: readonly Contribution[],
  chunk: Chunk,
  buffers: readonly Uint8Array[],
): (readonly Contribution[])[] {
  if (group.length === 1) return [group];
  const read = group.map((contribution, k) => ({
    contribution,
    bytes: readChunk(contribution.file, chunk, buffers[k] as Uint8Array),
  }));
  read.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  const groups: Contribution[][] = [];
  read.forEach(({ contribution, bytes }, k) => {
    const previous = read[k - 1]?.bytes;
    if (previous !== undefined && Buffer.compare(previous, bytes) === 0) groups.at(-1)?.push(contribution);
    else groups.push([contribution]);
  });
  return groups;
}
