/**
 * Reads pieces of an open safetensors file. Reading is synchronous: the system reads ahead by
 * itself, and passing each piece through another thread takes longer than copying it. Node only.
 * The module imports no schema, so that a second thread of a merge starts sooner.
 */
import { readSync } from 'node:fs';
import type { Dtype } from '../../tensor/dtype.js';
import type { SafetensorsEntry, SafetensorsHeader } from '../../tensor/safetensors-header.js';
import { MergeError } from '../error.js';
import type { RoleRule } from '../memory/by-role.js';

/** What is needed to read an open file; it can be cloned into another thread. */
export interface TensorSource {
  readonly path: string;
  readonly fd: number;
  readonly header: SafetensorsHeader;
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
}

/**
 * A piece of one tensor, the same in each file. `at` and `bytes` count from the tensor's first
 * byte.
 */
export interface Piece {
  readonly name: string;
  readonly dtype: Dtype;
  readonly at: number;
  readonly bytes: number;
}

/** A piece that is merged as one. */
export interface Chunk extends Piece {
  readonly rule: RoleRule;
}

/**
 * Reads a chunk to the beginning of `buffer`, wherever its tensor lies in this file.
 * @throws MergeError when it cannot be read or the file has become shorter.
 */
export function readChunk(file: TensorSource, chunk: Piece, buffer: Uint8Array): Uint8Array {
  const position =
    file.header.dataStart + (file.entries.get(chunk.name) as SafetensorsEntry).begin + chunk.at;
  const target = buffer.subarray(0, chunk.bytes);
  const read = readUpTo(file.fd, file.path, position, target);
  if (read.length < chunk.bytes) {
    throw new MergeError(`merge: "${file.path}" was cut short while it was read`, { hint: 'merge again' });
  }
  return read;
}

export function readUpTo(fd: number, path: string, position: number, target: Uint8Array): Uint8Array {
  let done = 0;
  try {
    while (done < target.length) {
      const bytes = readSync(fd, target, done, target.length - done, position + done);
      if (bytes === 0) break;
      done += bytes;
    }
  } catch (cause) {
    throw unreadableTensors(path, cause);
  }
  return target.subarray(0, done);
}

export function unreadableTensors(path: string, cause: unknown): MergeError {
  const reason = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(cause);
  return new MergeError(`merge: cannot read "${path}": ${reason}`, { hint: 'check the path', cause });
}
