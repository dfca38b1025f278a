/**
 * The thread that hashes files while they grow. The bytes that it reads were written a moment ago,
 * and are still in memory. Node only.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

export type HashOrder =
  /** The file has this many bytes; with `last`, that is the whole file. */
  | {
      readonly type: 'read';
      readonly id: number;
      readonly path: string;
      readonly upTo: number;
      readonly last: boolean;
    }
  /** The file begins anew. */
  | { readonly type: 'forget'; readonly path: string };

export type HashAnswer =
  | { readonly id: number; readonly sha256: string }
  | { readonly id: number; readonly error: Error };

interface Growing {
  readonly hash: ReturnType<typeof createHash>;
  position: number;
}

/**
 * The most files that are remembered while they are not whole. A forgotten one is read again from
 * its beginning.
 */
const mostFiles = 1024;

const piece = Buffer.allocUnsafe(2 ** 20);
const files = new Map<string, Growing>();

parentPort?.on('message', (order: HashOrder) => {
  const { path } = order;
  if (order.type === 'forget') {
    files.delete(path);
    return;
  }
  try {
    const growing = files.get(path) ?? { hash: createHash('sha256'), position: 0 };
    readOn(growing, order);
    // Moves the file to the end of the map: the first one is forgotten first.
    files.delete(path);
    if (order.last) answer({ id: order.id, sha256: growing.hash.digest('hex') });
    else files.set(path, growing);
    for (const oldest of files.keys()) {
      if (files.size <= mostFiles) break;
      files.delete(oldest);
    }
  } catch (error) {
    files.delete(path);
    answer({ id: order.id, error: error as Error });
  }
});

function readOn(growing: Growing, { path, upTo }: HashOrder & { type: 'read' }): void {
  const file = openSync(path, 'r');
  try {
    while (growing.position < upTo) {
      const { position } = growing;
      const bytes = readSync(file, piece, 0, Math.min(piece.length, upTo - position), position);
      if (bytes === 0) throw new Error(`"${path}" ends at ${position} bytes, expected ${upTo}`);
      growing.hash.update(piece.subarray(0, bytes));
      growing.position += bytes;
    }
  } finally {
    closeSync(file);
  }
}

const answer = (message: HashAnswer) => parentPort?.postMessage(message);
