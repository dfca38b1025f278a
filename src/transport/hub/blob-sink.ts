/**
 * Bytes on their way into a file; what arrived meanwhile is written at once. Hashing and the disk are set to work while more
 * comes: else both would begin only when there is nothing left to do but to wait for them. Node only.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { Writable } from 'node:stream';
import type { HashThread } from './hash-thread.js';

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

/** For one file, and for all together: with hundreds each has little, and that is enough for them to go on. */
const bufferBytes = 2 ** 20;
const buffersBytes = 2 ** 23;
const leastBufferBytes = 2 ** 16;
const syncBytes = 2 ** 25;

/** What all files of a hub share. */
export interface SinkHelpers {
  readonly hashes: HashThread;
  /** One file is synced ahead at a time: Node has four threads for all files. */
  syncing: boolean;
  /** How many there are. */
  open: number;
}

/** Goes on behind the first `offset` bytes of a file, or begins a new one. */
export async function openBlobSink(path: string, offset: number, helpers: SinkHelpers): Promise<BlobSink> {
  const file = await open(path, offset === 0 ? 'w' : 'r+');
  helpers.open++;
  const hash = helpers.hashes.follow(path);
  let position = offset;
  let syncedTo = offset;
  let synced: Promise<unknown> = Promise.resolve();
  hash.grown(position);

  const syncAhead = () => {
    if (helpers.syncing || position - syncedTo < syncBytes) return;
    helpers.syncing = true;
    syncedTo = position;
    const end = () => {
      helpers.syncing = false;
    };
    // A failure is told once only, so it is kept for the end.
    synced = Promise.all([synced, file.datasync()]);
    synced.then(end, end);
  };
  const write = (chunks: readonly Buffer[], done: (error?: Error | null) => void) => {
    writeAll(file, chunks, position).then(
      (bytes) => {
        position += bytes;
        hash.grown(position);
        syncAhead();
        done();
      },
      (error: Error) => done(error),
    );
  };
  return {
    stream: new Writable({
      highWaterMark: Math.max(
        leastBufferBytes,
        Math.min(bufferBytes, Math.floor(buffersBytes / helpers.open)),
      ),
      write: (chunk: Buffer, _, done) => write([chunk], done),
      writev: (chunks, done) =>
        write(
          chunks.map(({ chunk }) => chunk as Buffer),
          done,
        ),
    }),
    position: () => position,
    digest: () => hash.digest(position),
    async sync() {
      await synced;
      await file.datasync();
    },
    async close() {
      helpers.open--;
      hash.abandon();
      await synced.catch(() => undefined);
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
