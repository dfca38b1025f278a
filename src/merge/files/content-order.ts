/**
 * The order of input files by content (as bytes, tensor after tensor), so that the result does not
 * depend on the order in which they are named: sums of floating-point numbers depend on their
 * order. Files are read only as far as two of them agree: for trained weights, one chunk each. A
 * hash would have to read everything once more. Files that agree to the end are compared by their
 * auxiliaries and their numbers of examples. If these agree, too, exchanging them changes nothing.
 */

import type { TakeTurn } from '../../base/turns.js';
import type { TensorFile } from './tensor-file.js';
import { type Chunk, readChunk } from './tensor-source.js';

export interface InputFile {
  readonly file: TensorFile;
  readonly examples: number;
  /** Its files of auxiliaries, by name. */
  readonly auxiliaries: Readonly<Record<string, TensorFile>>;
}

/**
 * The contributions in the order of their content. `chunkBytes` is the size of the largest chunk.
 */
export async function orderByContent(
  contributions: readonly InputFile[],
  chunks: readonly Chunk[],
  chunkBytes: number,
  takeTurn: TakeTurn,
): Promise<InputFile[]> {
  /**
   * In order; the members of one group agree so far. Sorting is stable: files that agree to the end
   * keep this order.
   */
  let groups: (readonly InputFile[])[] = [[...contributions].sort((a, b) => a.examples - b.examples)];
  const buffers = contributions.map(() => new Uint8Array(chunkBytes));
  const names = Object.keys(contributions[0]?.auxiliaries ?? {}).sort();
  const files = [
    ({ file }: InputFile) => file,
    ...names.map((name) => (contribution: InputFile) => contribution.auxiliaries[name] as TensorFile),
  ];
  for (const fileOf of files) {
    for (const chunk of chunks) {
      if (groups.every((group) => group.length === 1)) break;
      groups = groups.flatMap((group) => split(group, fileOf, chunk, buffers));
      await takeTurn();
    }
  }
  return groups.flat();
}

function split(
  group: readonly InputFile[],
  fileOf: (contribution: InputFile) => TensorFile,
  chunk: Chunk,
  buffers: readonly Uint8Array[],
): (readonly InputFile[])[] {
  if (group.length === 1) return [group];
  const read = group.map((contribution, k) => ({
    contribution,
    bytes: readChunk(fileOf(contribution), chunk, buffers[k] as Uint8Array),
  }));
  read.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  const groups: InputFile[][] = [];
  read.forEach(({ contribution, bytes }, k) => {
    const previous = read[k - 1]?.bytes;
    if (previous !== undefined && Buffer.compare(previous, bytes) === 0) groups.at(-1)?.push(contribution);
    else groups.push([contribution]);
  });
  return groups;
}
