/** Opens safetensors files for reading in pieces (`tensor-source.ts`). Node only. */
import { type FileHandle, open } from 'node:fs/promises';
import { FOREIGN_PREFIX_BYTES } from '../../tensor/foreign-format.js';
import { parseSafetensorsHeader, safetensorsDataStart } from '../../tensor/safetensors-header.js';
import { MOST_OPEN } from './merge-budget.js';
import { type OpenSource, readUpTo, type TensorSource, unreadableTensors } from './tensor-source.js';

export interface TensorFile extends OpenSource {
  readonly handle: FileHandle;
}

/**
 * Opens a file and reads its header. The caller closes `handle`.
 * @throws MergeError when it cannot be read, TensorError when it is not a safetensors file or is
 * cut short.
 */
export const openTensorFile = (path: string): Promise<TensorFile> => opened(path, parsedHeader);

/** Files of a merge. */
export interface TensorFiles {
  /** @throws as `openTensorFile` does. */
  open(path: string): Promise<TensorSource>;
  close(): Promise<void>;
}

/**
 * Opens any number of files. The first of them stay open; each of the others is opened for each
 * reading. Files with the same header share one table in memory.
 */
export function tensorFiles(): TensorFiles {
  const handles: FileHandle[] = [];
  let last: { readonly bytes: Uint8Array; readonly size: number; readonly header: ParsedHeader } | undefined;
  const shared: typeof parsedHeader = (bytes, path, size) => {
    if (last?.size !== size || Buffer.compare(last.bytes, bytes) !== 0) {
      last = { bytes, size, header: parsedHeader(bytes, path, size) };
    }
    return last.header;
  };
  return {
    async open(path) {
      const { handle, ...file } = await opened(path, shared);
      if (handles.length < MOST_OPEN) {
        handles.push(handle);
        return file;
      }
      await handle.close();
      return { ...file, fd: undefined };
    },
    close: async () => void (await Promise.all(handles.map((handle) => handle.close()))),
  };
}

type ParsedHeader = Pick<TensorSource, 'header' | 'entries'>;

function parsedHeader(bytes: Uint8Array, path: string, size: number): ParsedHeader {
  const header = parseSafetensorsHeader(bytes, path, size);
  return { header, entries: new Map(header.entries.map((entry) => [entry.name, entry])) };
}

async function opened(path: string, parse: typeof parsedHeader): Promise<TensorFile> {
  const handle = await open(path, 'r').catch((cause) => {
    throw unreadableTensors(path, cause);
  });
  try {
    const { dev, ino, size, mtimeMs } = await handle.stat();
    const prefix = readUpTo(handle.fd, path, 0, new Uint8Array(Math.min(FOREIGN_PREFIX_BYTES, size)));
    const bytes = new Uint8Array(safetensorsDataStart(prefix, path, size));
    const { header, entries } = parse(readUpTo(handle.fd, path, 0, bytes), path, size);
    return { path, fd: handle.fd, identity: { dev, ino, size, mtimeMs }, handle, header, entries };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
