/**
 * Reads the memory of this machine, or what a container leaves of it: a run may take that much.
 * Node only.
 */
import { totalmem } from 'node:os';
import type { MemoryLimit } from '../demands.js';

/** @param mostBytes what is to be allowed instead */
export function machineMemory(mostBytes?: number): MemoryLimit {
  const constrained = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return {
    bytes: mostBytes ?? Math.min(totalmem(), constrained),
    hint: `take fewer --workers, smaller examples or a smaller network${mostBytes === undefined ? '; or give --max-memory, if there is more than this machine says' : ', or raise --max-memory'}`,
  };
}
