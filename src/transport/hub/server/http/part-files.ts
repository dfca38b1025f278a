/**
 * The files of blobs that are not whole yet: a folder for each participant, which survives a lost
 * connection and a restart of the hub. Node only.
 */
import { createHash } from 'node:crypto';
import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../../../base/node/make-folder.js';

export interface PartFiles {
  pathOf(participant: string, sha256: string): string;
  /** The bytes of a part; 0 if there is none. */
  bytesOf(participant: string, sha256: string): Promise<number>;
  remove(participant: string, sha256: string): Promise<void>;
  /** The parts that were there when the folder was opened. */
  readonly found: readonly PartFile[];
}

export interface PartFile {
  readonly participant: string;
  readonly sha256: string;
  readonly bytes: number;
}

export async function openPartFiles(folder: string, participants: readonly string[]): Promise<PartFiles> {
  // A hash, since a participant's name may not be valid as a folder's.
  const folderOf = (participant: string) => join(folder, digestOf(participant).slice(0, 32));
  const pathOf = (participant: string, sha256: string) => join(folderOf(participant), `${sha256}.part`);
  const found: PartFile[] = [];
  for (const participant of participants) {
    await makeFolder(folderOf(participant), { mode: 0o700 });
    for (const file of await readdir(folderOf(participant))) {
      const bytes = await sizeOf(join(folderOf(participant), file));
      found.push({ participant, sha256: file.slice(0, 64), bytes });
    }
  }
  return {
    pathOf,
    bytesOf: (participant, sha256) => sizeOf(pathOf(participant, sha256)),
    remove: (participant, sha256) => removeFile(pathOf(participant, sha256)),
    found,
  };
}

const digestOf = (text: string) => createHash('sha256').update(text).digest('hex');

const sizeOf = (path: string) =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

/** `rm` would look at the file first, which counts where thousands of uploads are given up. */
const removeFile = (path: string) =>
  unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
