/** A participant's folder on a disk. Node only. */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../../base/node/make-folder.js';
import { reasonOf } from '../../../base/node/reason.js';
import { writeFileWhole } from '../../../base/node/whole-file.js';
import { FederationError } from '../../error.js';
import { type ClaimOptions, claimFolder } from '../../record/folder-claim.js';
import type { ParticipantFolder } from '../kept/participant-files.js';

export interface ParticipantFolderOnDisk extends ParticipantFolder {
  close(): Promise<void>;
}

/**
 * Opens or makes the folder. No other process can use it until it is closed.
 * @throws FederationError when it cannot be made, or another process uses it
 */
export async function participantFolder(
  path: string,
  claiming: ClaimOptions = {},
): Promise<ParticipantFolderOnDisk> {
  const failed =
    (file: string, what: string) =>
    (cause: unknown): never => {
      throw new FederationError(`"${file}" cannot be ${what}: ${reasonOf(cause)}`, {
        cause,
        hint: 'fix this and rerun the same command: the work resumes where it was',
      });
    };
  // Weights tell about data, so only this user may read them.
  await makeFolder(path, { mode: 0o700 }).catch(failed(path, 'made'));
  const claim = await claimFolder(path, claiming);
  try {
    // Files that a killed process was writing. The pattern is strict: the folder may hold files of
    // others.
    const leftover = /^[\w-]+\.(json|safetensors)\.[0-9a-f-]{36}\.part$/;
    const names = await readdir(path).catch(failed(path, 'read'));
    for (const name of names) {
      if (leftover.test(name)) await rm(join(path, name)).catch(failed(join(path, name), 'removed'));
    }
  } catch (error) {
    await claim.release();
    throw error;
  }
  return {
    name: `the folder "${path}"`,
    async read(file) {
      const bytes = await readFile(join(path, file)).catch((cause: NodeJS.ErrnoException) => {
        if (cause.code !== 'ENOENT') failed(join(path, file), 'read')(cause);
        return undefined;
      });
      return bytes && new Uint8Array(bytes);
    },
    async write(file, bytes) {
      await claim.check();
      await writeFileWhole(join(path, file), bytes, { mode: 0o600 }).catch(
        failed(join(path, file), 'written'),
      );
    },
    async remove(file) {
      await claim.check();
      await rm(join(path, file), { force: true }).catch(failed(join(path, file), 'removed'));
    },
    close: claim.release,
  };
}
