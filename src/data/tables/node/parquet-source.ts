/** A Parquet file on a disk. Node only. */
import { type FileHandle, open } from 'node:fs/promises';
import type { ByteSource } from '../../parquet/parquet-file.js';
import { tableBytes } from './file-pieces.js';

/** @throws DataError when there is no such file */
export async function withParquet<Result>(
  path: string,
  use: (source: ByteSource) => Promise<Result>,
): Promise<Result> {
  const source = await openSource(path);
  try {
    return await use(source);
  } finally {
    await source.close();
  }
}

/** @throws DataError when there is no such file */
export async function openSource(path: string): Promise<ByteSource & { close(): Promise<void> }> {
  const byteLength = await tableBytes(path);
  const handle = await open(path);
  return {
    byteLength,
    slice: (start, end = byteLength) => bytesAt(handle, start, Math.min(end, byteLength)),
    close: () => handle.close(),
  };
}

async function bytesAt(handle: FileHandle, start: number, end: number): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(Math.max(0, end - start));
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, start + done);
    if (bytesRead === 0) throw new Error(`the file ends at byte ${start + done}`);
    done += bytesRead;
  }
  return bytes.buffer;
}
