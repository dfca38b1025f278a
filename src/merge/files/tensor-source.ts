/**
 * Reads pieces of an open safetensors file. Reading is synchronous: the system reads ahead by
 * itself, and passing each piece through another thread takes longer than copying it. Node only.
 * The module imports no schema, so that a second thread of a merge starts sooner.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Dtype } from '../../tensor/dtype.js';
import type { SafetensorsEntry, SafetensorsHeader } from '../../tensor/safetensors-header.js';
import { MergeError } from '../error.js';
import type { RoleRule } from '../memory/by-role.js';

/** What is needed to read a file; it can be cloned into another thread. */
export interface TensorSource {
  readonly path: string;
  /** Undefined for one of many files: it is opened for each reading. */
  readonly fd: number | undefined;
  /** Tells whether the path still names the same file, unchanged. */
  readonly identity: FileIdentity;
  readonly header: SafetensorsHeader;
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
}

export interface FileIdentity {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
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
  /** Where it begins in the tensors of the output, in bytes. */
  readonly position: number;
}

/**
 * Reads a chunk to the beginning of `buffer`, wherever its tensor lies in this file.
 * @throws MergeError when it cannot be read or the file has become shorter.
 */
export function readChunk(file: TensorSource, chunk: Piece, buffer: Uint8Array): Uint8Array {
  const position =
    file.header.dataStart + (file.entries.get(chunk.name) as SafetensorsEntry).begin + chunk.at;
  const target = buffer.subarray(0, chunk.bytes);
  const read = whileOpen([file], ([{ fd }]) => readUpTo(fd, file.path, position, target));
  if (read.length < chunk.bytes) {
    throw new MergeError(`merge: "${file.path}" was cut short while it was read`, { hint: 'merge again' });
  }
  return read;
}

export type OpenSource = TensorSource & { readonly fd: number };

/**
 * Opens those of the files that are not open, as long as `use` runs.
 * @throws MergeError when a file cannot be opened, or is not the one that it was.
 */
export function whileOpen<const Files extends readonly TensorSource[], Result>(
  files: Files,
  use: (open: { readonly [K in keyof Files]: OpenSource }) => Result,
): Result {
  const opened: number[] = [];
  try {
    const open = files.map((file) => {
      if (file.fd !== undefined) return file;
      const fd = openAgain(file);
      opened.push(fd);
      checkUnchanged(file, fd);
      return { ...file, fd };
    });
    return use(open as unknown as { readonly [K in keyof Files]: OpenSource });
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

function openAgain({ path }: TensorSource): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw unreadableTensors(path, cause);
  }
}

function checkUnchanged({ path, identity }: TensorSource, fd: number): void {
  const { dev, ino, size, mtimeMs } = fstatSync(fd);
  const same =
    dev === identity.dev && ino === identity.ino && size === identity.size && mtimeMs === identity.mtimeMs;
  if (same) return;
  throw new MergeError(`merge: "${path}" was replaced while it was read`, { hint: 'merge again' });
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
