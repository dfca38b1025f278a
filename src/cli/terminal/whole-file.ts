/** Writes the files that a user names on the command line. */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { reasonOf } from '../../base/node/reason.js';
import { writeFileWhole } from '../../base/node/whole-file.js';
import { UsageError } from './error.js';

/** Checked before the work, which may take hours. */
export async function checkFolderOf(flag: string, file: string): Promise<void> {
  const folder = await stat(dirname(file)).catch(() => undefined);
  if (!folder?.isDirectory()) {
    throw new UsageError(`${flag} "${file}" cannot be written: there is no folder "${dirname(file)}"`, {
      hint: 'make it first',
    });
  }
  const existing = await stat(file).catch(() => undefined);
  if (existing?.isDirectory()) {
    throw new UsageError(`${flag} "${file}" is a folder, expected the name of a file`);
  }
}

/**
 * Writes the file whole or not at all.
 * @throws UsageError when it cannot be written; the error of what is written as it is
 */
export async function writeFlagFile(
  flag: string,
  file: string,
  bytes: Uint8Array | AsyncIterable<string>,
): Promise<void> {
  await writeFileWhole(file, bytes).catch((cause: unknown) => {
    // Of the system's errors; others are those of what makes the bytes.
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new UsageError(`${flag} "${file}" cannot be written: ${reasonOf(cause)}`, { cause });
  });
}

export async function writeJson(flag: string, file: string, value: unknown): Promise<void> {
  await writeFlagFile(flag, file, new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`));
}
