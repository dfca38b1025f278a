/**
 * Writes the bytes of an upload into a file. Bytes are written at once, and hashed while more
 * arrive, so that hashing does not begin only at the end. Node only.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { Writable } from 'node:stream';
import type { BufferBudget } from '../guard/buffer-budget.js';
import type { HashThread } from '../guard/hash-thread.js';

export interface BlobSink {
  readonly stream: Writable;
  /** The number of bytes in the file. */
  position(): number;
  /** SHA-256 of the whole file, with the bytes that were there before. */
  digest(): Promise<string>;
  /** Resolves when all bytes are on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The helpers that all files of a hub share. */
export interface SinkHelpers {
  readonly hashes: HashThread;
  readonly buffers: BufferBudget;
}

/** Continues a file after its first `offset` bytes, or begins a new one. */
export async function openBlobSink(path: string, offset: number, helpers: SinkHelpers): Promise<BlobSink> {
  const file = await open(path, offset === 0 ? 'w' : 'r+');
  const highWaterMark = helpers.buffers.take();
  const hash = helpers.hashes.follow(path, offset);
  let position = offset;

  const write = (chunks: readonly Buffer[], done: (error?: Error | null) => void) => {
    writeAll(file, chunks, position).then(
      (bytes) => {
        position += bytes;
        hash.grown(position);
        done();
      },
      (error: Error) => done(error),
    );
  };
  return {
    stream: new Writable({
      highWaterMark,
      write: (chunk: Buffer, _, done) => write([chunk], done),
      writev: (chunks, done) =>
        write(
          chunks.map(({ chunk }) => chunk as Buffer),
          done,
        ),
    }),
    position: () => position,
    digest: () => hash.digest(position),
    sync: () => file.datasync(),
    async close() {
      helpers.buffers.release();
      hash.leave();
      await file.close();
    },
  };
}

/** A disk that is nearly full may write less than it is given, without an error at first. */
async function writeAll(file: FileHandle, chunks: readonly Buffer[], position: number): Promise<number> {
  const total = chunks.reduce((sum, { length }) => sum + length, 0);
  let { bytesWritten } = await file.writev(chunks, position);
  if (bytesWritten < total) {
    const all = Buffer.concat(chunks);
    while (bytesWritten < total) {
      const rest = await file.write(all, bytesWritten, total - bytesWritten, position + bytesWritten);
      bytesWritten += rest.bytesWritten;
    }
  }
  return total;
}
