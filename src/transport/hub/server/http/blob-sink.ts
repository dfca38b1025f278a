/**
 * Writes the bytes of an upload into a file. What has arrived is written at once and hashed while
 * more comes. Otherwise hashing would begin only when nothing else is left to do. Node only.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { Writable } from 'node:stream';
import type { BufferBudget } from '../guard/buffer-budget.js';
import type { HashThread } from '../guard/hash-thread.js';

export interface BlobSink {
  readonly stream: Writable;
  /** Bytes in the file. */
  position(): number;
  /** SHA-256 of the whole file, what was there before included. */
  digest(): Promise<string>;
  /** Resolves when all of it would survive a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What all files of a hub share. */
export interface SinkHelpers {
  readonly hashes: HashThread;
  readonly buffers: BufferBudget;
}

/** Goes on behind the first `offset` bytes of a file, or begins a new one. */
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

/** A disk that is nearly full takes less than it is given, before it says so. */
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
