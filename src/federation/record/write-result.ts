/** Writes the files of a result, whole or not at all. Node only. */
import { join } from 'node:path';
import { reasonOf } from '../../base/node/reason.js';
import { writeFileWhole } from '../../base/node/whole-file.js';
import { FederationError } from '../error.js';

/** @returns the file's path */
export async function writeResult(
  folder: string,
  name: string,
  content: string | Uint8Array,
): Promise<string> {
  const file = join(folder, name);
  await writeFileWhole(file, content).catch((cause: unknown) => {
    throw cannotWrite(file, cause);
  });
  return file;
}

/**
 * The error of a file that cannot be written. Files in the folder stay as they are, so that the run
 * can be resumed.
 */
export function cannotWrite(file: string, cause: unknown): FederationError {
  return new FederationError(`"${file}" cannot be written: ${reasonOf(cause)}`, {
    cause,
    hint: 'fix this and rerun the same command: the run resumes',
  });
}
