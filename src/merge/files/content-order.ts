/**
 * The order of input files by content (as bytes, tensor after tensor), so that the result does not
 * depend on the order in which they are named: sums of floating-point numbers depend on their
 * order. Files are read only as far as two of them agree: for trained weights, one piece each. A
 * hash would have to read everything once more. Files that agree to the end are compared by their
 * auxiliaries and their numbers of examples. If these agree, too, exchanging them changes nothing.
 */

import type { TakeTurn } from '../../base/turns.js';
import { type Piece, readChunk, type TensorSource } from '../../tensor/weights/node/tensor-source.js';
import { MOST_BYTES } from './merge-budget.js';
import type { Chunk } from './output-plan.js';

export interface InputFile {
  readonly file: TensorSource;
  readonly examples: number;
  /** Its files of auxiliaries, by name. */
  readonly auxiliaries: Readonly<Record<string, TensorSource>>;
}

/** The contributions in the order of their content. */
export async function orderByContent(
  contributions: readonly InputFile[],
  chunks: readonly Chunk[],
  takeTurn: TakeTurn,
): Promise<InputFile[]> {
  /**
   * In order; the members of one group agree so far. Sorting is stable: files that agree to the end
   * keep this order.
   */
  let groups: (readonly InputFile[])[] = [[...contributions].sort((a, b) => a.examples - b.examples)];
  const names = Object.keys(contributions[0]?.auxiliaries ?? {}).sort();
  const files = [
    ({ file }: InputFile) => file,
    ...names.map((name) => (contribution: InputFile) => contribution.auxiliaries[name] as TensorSource),
  ];
  for (const fileOf of files) {
    for (const chunk of chunks) {
      const split: (readonly InputFile[])[] = [];
      for (const group of groups) split.push(...(await splitBy(group, fileOf, chunk, takeTurn)));
      groups = split;
      if (groups.every((group) => group.length === 1)) return groups.flat();
    }
  }
  return groups.flat();
}

/** Bytes of the widest dtype: pieces hold whole numbers of each. */
const WIDEST = 8;

/** Splits a group by a chunk, in pieces of which one of each member fits in memory. */
async function splitBy(
  group: readonly InputFile[],
  fileOf: (contribution: InputFile) => TensorSource,
  chunk: Chunk,
  takeTurn: TakeTurn,
): Promise<(readonly InputFile[])[]> {
  let groups = [group];
  for (let at = 0; at < chunk.bytes; ) {
    const largest = groups.reduce((most, { length }) => Math.max(most, length), 0);
    if (largest === 1) break;
    const bytes = Math.min(chunk.bytes - at, WIDEST * Math.max(1, Math.floor(MOST_BYTES / largest / WIDEST)));
    const piece = { ...chunk, at: chunk.at + at, bytes };
    groups = groups.flatMap((one) => split(one, fileOf, piece));
    at += bytes;
    await takeTurn();
  }
  return groups;
}

function split(
  group: readonly InputFile[],
  fileOf: (contribution: InputFile) => TensorSource,
  piece: Piece,
): (readonly InputFile[])[] {
  if (group.length === 1) return [group];
  const read = group.map((contribution) => ({
    contribution,
    bytes: readChunk(fileOf(contribution), piece, new Uint8Array(piece.bytes)),
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
