/**
 * A safetensors file that is read in pieces. Reading is synchronous: the system reads ahead by itself, and passing each
 * piece through another thread takes longer than copying it. Node only.
 */
import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import {
  type Dtype,
  parseSafetensorsHeader,
  type SafetensorsEntry,
  type SafetensorsHeader,
  safetensorsDataStart,
} from '../tensor/safetensors-header.js';
import { MergeError } from './error.js';

/** What reading an open file takes; it can be cloned into another thread. */
export interface TensorSource {
  readonly path: string;
  readonly fd: number;
  readonly header: SafetensorsHeader;
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
}

export interface TensorFile extends TensorSource {
  readonly handle: FileHandle;
}

/** A piece of one tensor, the same in every file; `at` and `bytes` count from the tensor's first byte. */
export interface Chunk {
  readonly name: string;
  readonly dtype: Dtype;
  readonly at: number;
  readonly bytes: number;
}

/**
 * Opens a file and reads its header. The caller closes `handle`.
 * @throws MergeError when it cannot be read, TensorError when it is no safetensors file or cut short.
 */
export async function openTensorFile(path: string): Promise<TensorFile> {
  const handle = await open(path, 'r').catch((cause) => {
    throw unreadable(path, cause);
  });
  try {
    const { size } = await handle.stat();
    const prefix = readUpTo(handle.fd, path, 0, new Uint8Array(Math.min(8, size)));
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

/**
 * Reads a chunk, wherever its tensor lies in this file, to the beginning of `buffer`.
 * @throws MergeError when it cannot be read or the file has become shorter.
 */
export function readChunk(file: TensorSource, chunk: Chunk, buffer: Uint8Array): Uint8Array {
  const position =
    file.header.dataStart + (file.entries.get(chunk.name) as SafetensorsEntry).begin + chunk.at;
  const target = buffer.subarray(0, chunk.bytes);
  const read = readUpTo(file.fd, file.path, position, target);
  if (read.length < chunk.bytes) {
    throw new MergeError(`merge: "${file.path}" was cut short while it was read`, { hint: 'merge again' });
  }
  return read;
}

function readUpTo(fd: number, path: string, position: number, target: Uint8Array): Uint8Array {
  let done = 0;
  try {
    while (done < target.length) {
      const bytes = readSync(fd, target, done, target.length - done, position + done);
      if (bytes === 0) break;
      done += bytes;
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
  return target.subarray(0, done);
}

function unreadable(path: string, cause: unknown): MergeError {
  const reason = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(cause);
  return new MergeError(`merge: cannot read "${path}": ${reason}`, { hint: 'check the path', cause });
}
