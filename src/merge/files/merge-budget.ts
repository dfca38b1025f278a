/**
 * How much of its files a merge holds in memory. Up to some 250 files,
 * a large chunk of each is in memory. Of more files, the chunks get shorter, or sums are made file
 * by file; so memory does not grow with their number.
 */
import { blockSize } from '../kernels/block.js';

/** For a chunk of each file and of the result, or for the sums. */
export const MOST_BYTES = 16 * 2 ** 20;

/** Chunks are made of whole blocks, whatever the dtype. */
export const CHUNK_UNIT = 8 * blockSize;

/** Chosen so that a chunk of each file and of the result fit in a core's cache together. */
const CACHE_BYTES = 2.5 * 2 ** 20;

/** Multiples of the width of each dtype, and of a line of the cache. */
const SHORTEST = 64;

/** Whether chunks of whole blocks of so many files take more than `MOST_BYTES`. */
export const areMany = (files: number) => CHUNK_UNIT * (files + 1) > MOST_BYTES;

/** How long a chunk is. It changes no result, unless a survey needs whole blocks. */
export function chunkBytesOf(files: number): number {
  const most = (areMany(files) ? MOST_BYTES : CACHE_BYTES) / (files + 1);
  const unit = areMany(files) ? SHORTEST : CHUNK_UNIT;
  return Math.max(1, Math.floor(most / unit)) * unit;
}
