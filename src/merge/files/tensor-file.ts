/** Opens a safetensors file for reading in pieces (`tensor-source.ts`). Node only. */
import { type FileHandle, open } from 'node:fs/promises';
import { FOREIGN_PREFIX_BYTES } from '../../tensor/foreign-format.js';
import { parseSafetensorsHeader, safetensorsDataStart } from '../../tensor/safetensors-header.js';
import { readUpTo, type TensorSource, unreadableTensors } from './tensor-source.js';

export interface TensorFile extends TensorSource {
  readonly handle: FileHandle;
}

/**
 * Opens a file and reads its header. The caller closes `handle`.
 * @throws MergeError when it cannot be read, TensorError when it is not a safetensors file or is
 * cut short.
 */
export async function openTensorFile(path: string): Promise<TensorFile> {
  const handle = await open(path, 'r').catch((cause) => {
    throw unreadableTensors(path, cause);
  });
  try {
    const { size } = await handle.stat();
    const prefix = readUpTo(handle.fd, path, 0, new Uint8Array(Math.min(FOREIGN_PREFIX_BYTES, size)));
    const header = new Uint8Array(safetensorsDataStart(prefix, path, size));
    const parsed = parseSafetensorsHeader(readUpTo(handle.fd, path, 0, header), path, size);
    return {
      path,
      fd: handle.fd,
      handle,
      header: parsed,
      entries: new Map(parsed.entries.map((e) => [e.name, e])),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
