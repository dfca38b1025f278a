/** Writes a file so that its name only ever shows the complete file. Node only. */
import { randomUUID } from 'node:crypto';
import { type FileHandle, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { reasonOf } from '../../base/node/reason.js';
import { writeWhole } from '../../base/node/whole-file.js';
import { MergeError } from '../error.js';

/**
 * Lets `body` write a temporary file beside `path`, syncs it and renames it. If anything fails, the
 * temporary file is removed and `path` stays as it was.
 * @param bytes the size of the file, for the message when the disk is full
 * @throws MergeError when it cannot be written, or the error of `body`.
 */
export async function writeOutput(
  path: string,
  bytes: number,
  body: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  const existing = await stat(path).catch(() => undefined);
  if (existing !== undefined && !existing.isFile()) {
    throw new MergeError(`merge: the output "${path}" is not a file`, { hint: 'name a file to write' });
  }
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.partial`);
  await writeWhole(temporary, path, body).catch((error: unknown) => {
    throw explainWriteError(error, path, bytes);
  });
}

/** Explains a system error in words; returns any other error unchanged. */
export function explainWriteError(error: unknown, path: string, bytes: number): unknown {
  const code = error instanceof Error && 'syscall' in error && 'code' in error ? error.code : undefined;
  if (code === undefined) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new MergeError(`merge: no room on the disk for "${path}", which takes ${bytes} bytes`, {
      hint: `free some room in ${dirname(path)}, or write to another disk`,
      cause: error,
    });
  }
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new MergeError(`merge: cannot write "${path}": there is no folder ${dirname(path)}`, {
      hint: 'create it first',
      cause: error,
    });
  }
  return new MergeError(`merge: cannot write "${path}": ${reasonOf(error)}`, {
    hint: 'check the permissions, or write elsewhere',
    cause: error,
  });
}
