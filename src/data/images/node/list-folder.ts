/** Lists a folder on a disk, for the code that looks for pictures. Node only. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from '../../../base/node/reason.js';
import { DataError } from '../../error.js';
import type { FolderEntry } from '../picture-tree.js';

/** Links are followed. */
export async function listFolder(folder: string): Promise<FolderEntry[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return await Promise.all(
      entries.map(async (entry) => {
        const path = join(folder, entry.name);
        const isFolder = entry.isSymbolicLink() ? await leadsToFolder(path) : entry.isDirectory();
        return { name: entry.name, path, isFolder };
      }),
    );
  } catch (cause) {
    throw new DataError(`data: cannot read the folder "${folder}": ${reasonOf(cause)}`, { cause });
  }
}

const leadsToFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (target) => target.isDirectory(),
    () => false,
  );
