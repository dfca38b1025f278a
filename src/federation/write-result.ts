/** Files of a run, written whole or not at all. Node only. */
import { join } from 'node:path';
import { reasonOf, writeFileWhole } from '../data/file-bytes.js';
import { FederationError } from './error.js';

/** @returns the file's path */
export async function writeResult(
  folder: string,
  name: string,
  content: string | Uint8Array,
): Promise<string> {
  const file = join(folder, name);
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  await writeFileWhole(file, bytes).catch((cause: unknown) => {
    throw cannotWrite(file, cause);
  });
  return file;
}

/** What is in the folder already stays as it is, so that the run can go on from there. */
export function cannotWrite(file: string, cause: unknown): FederationError {
  return new FederationError(`"${file}" cannot be written: ${reasonOf(cause)}`, {
    cause,
    hint: 'mend that, then give the same command again: the run goes on where it was',
  });
}
