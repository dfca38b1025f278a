/**
 * Finds files that may count more often than the user intends. Each finding is a sentence; none is
 * an error.
 */

import type { TakeTurn } from '../../base/turns.js';
import { readChunk, type TensorSource } from '../../tensor/weights/node/tensor-source.js';
import type { Chunk } from './output-plan.js';

/** Files that are given more than once, under one name or several. */
export function repeatedInputs(inputs: readonly TensorSource[]): string[] {
  const counts = new Map<string, { readonly path: string; times: number }>();
  for (const { path, files } of inputs) {
    const { dev = 0, ino = 0 } = files[0]?.identity ?? {};
    const known = counts.get(`${dev}:${ino}`);
    if (known === undefined) counts.set(`${dev}:${ino}`, { path, times: 1 });
    else known.times++;
  }
  return [...counts.values()]
    .filter(({ times }) => times > 1)
    .map(({ path, times }) => `"${path}" is given ${times} times, and counts ${times} times`);
}

/**
 * Inputs with the content of the base. As updates they are 0 and pull the result towards the base.
 */
export async function baseAmongInputs(
  base: TensorSource | undefined,
  inputs: readonly TensorSource[],
  chunks: readonly Chunk[],
  chunkBytes: number,
  takeTurn: TakeTurn,
): Promise<string[]> {
  if (base === undefined) return [];
  const buffers = [new Uint8Array(chunkBytes), new Uint8Array(chunkBytes)] as const;
  const notes: string[] = [];
  for (const input of inputs) {
    let equal = true;
    for (const chunk of chunks) {
      await takeTurn();
      equal = Buffer.compare(readChunk(base, chunk, buffers[0]), readChunk(input, chunk, buffers[1])) === 0;
      if (!equal) break;
    }
    if (equal) notes.push(`"${input.path}" is the base: among the inputs it counts as an update of 0`);
  }
  return notes;
}
