/**
 * The thread that hashes files while they grow: what it reads was written a moment ago, and is still in memory. Node only.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

export type HashOrder =
  /** Of the file that belongs to `id`, so many bytes are there; with `last`, that is all of it. */
  | {
      readonly type: 'read';
      readonly id: number;
      readonly path: string;
      readonly upTo: number;
      readonly last: boolean;
    }
  | { readonly type: 'abandon'; readonly id: number };

export type HashAnswer =
  | { readonly id: number; readonly sha256: string }
  | { readonly id: number; readonly error: Error };

const piece = Buffer.allocUnsafe(2 ** 20);
const files = new Map<number, { file: number; hash: ReturnType<typeof createHash>; position: number }>();

parentPort?.on('message', (order: HashOrder) => {
  try {
    if (order.type === 'abandon') forget(order.id);
    else read(order);
  } catch (error) {
    forget(order.id);
    answer({ id: order.id, error: error as Error });
  }
});

function read({ id, path, upTo, last }: HashOrder & { type: 'read' }): void {
  const one = files.get(id) ?? { file: openSync(path, 'r'), hash: createHash('sha256'), position: 0 };
  files.set(id, one);
  while (one.position < upTo) {
    const bytes = readSync(one.file, piece, 0, Math.min(piece.length, upTo - one.position), one.position);
    if (bytes === 0) throw new Error(`"${path}" ends at ${one.position} bytes, expected ${upTo}`);
    one.hash.update(piece.subarray(0, bytes));
    one.position += bytes;
  }
  if (!last) return;
  answer({ id, sha256: one.hash.digest('hex') });
  forget(id);
}

function forget(id: number): void {
  const one = files.get(id);
  files.delete(id);
  if (one !== undefined) closeSync(one.file);
}

const answer = (message: HashAnswer) => parentPort?.postMessage(message);
