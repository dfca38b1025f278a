/**
 * Bytes on their way into a file, hashed as they pass; what arrived meanwhile is written at once. The disk is set to work while
 * more comes, since it would begin only when there is nothing left to do but to wait for it. Node only.
 */
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { Writable } from 'node:stream';

export interface BlobSink {
  readonly stream: Writable;
  /** Bytes in the file. */
  position(): number;
  /** SHA-256 of the whole file, what was there before included. To be asked once. */
  digest(): string;
  /** Resolves when all of it would survive a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

const bufferBytes = 2 ** 20;
const syncBytes = 2 ** 25;

/** One file is synced ahead at a time: Node has four threads for all files. */
export interface SyncAhead {
  busy: boolean;
}

/** Goes on behind the first `offset` bytes of a file, or begins a new one. */
export async function openBlobSink(path: string, offset: number, ahead: SyncAhead): Promise<BlobSink> {
  const file = await open(path, offset === 0 ? 'w' : 'r+');
  const hash = createHash('sha256');
  try {
    if (offset > 0) await hashStart(file, offset, hash);
  } catch (error) {
    await file.close();
    throw error;
  }
  let position = offset;
  let syncedTo = offset;
  let syncing: Promise<void> = Promise.resolve();
  const syncAhead = () => {
    if (ahead.busy || position - syncedTo < syncBytes) return;
    ahead.busy = true;
    syncedTo = position;
    // A failure is told once only, so it is kept for the end.
    syncing = Promise.all([syncing, file.datasync()]).then(() => undefined);
    syncing
      .catch(() => undefined)
      .finally(() => {
        ahead.busy = false;
      });
  };
  const write = (chunks: readonly Buffer[], done: (error?: Error | null) => void) => {
    for (const chunk of chunks) hash.update(chunk);
    writeAll(file, chunks, position).then(
      (bytes) => {
        position += bytes;
        syncAhead();
        done();
      },
      (error: Error) => done(error),
    );
  };
  const stream = new Writable({
    highWaterMark: bufferBytes,
    write: (chunk: Buffer, _, done) => write([chunk], done),
    writev: (chunks, done) =>
      write(
        chunks.map(({ chunk }) => chunk as Buffer),
        done,
      ),
  });
  return {
    stream,
    position: () => position,
    digest: () => hash.digest('hex'),
    async sync() {
      await syncing;
      await file.datasync();
    },
    async close() {
      await syncing.catch(() => undefined);
      await file.close();
    },
  };
}

async function hashStart(file: FileHandle, bytes: number, hash: Hash): Promise<void> {
  const start = file.createReadStream({
    start: 0,
    end: bytes - 1,
    autoClose: false,
    highWaterMark: bufferBytes,
  });
  for await (const chunk of start) hash.update(chunk as Buffer);
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
