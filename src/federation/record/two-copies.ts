/**
 * Repairs damaged files by their second copy. Files that participants fetch, and a server
 * optimizer's slots, lie twice: in the run folder under a name, and among the blobs under their
 * hash. If one is damaged on the disk, the other replaces it, and the run goes on. Node only.
 */
import { join } from 'node:path';
import { writeFileWhole } from '../../base/node/whole-file.js';
import { describeFile } from '../../transport/blob-folder.js';
import type { BlobFolder } from '../../transport/transport.js';
import { FederationError } from '../error.js';
import type { RoundRecord } from '../rounds/round.js';
import type { StateRole } from '../rounds/run-store.js';
import { stateFile } from './run-folder.js';
import { cannotWrite } from './write-result.js';

export interface TwoCopies {
  /** Repairs a file of the run folder. @throws FederationError when both copies are damaged */
  mendFile(role: StateRole, sha256: string): Promise<void>;
  /** Repairs a blob that these rounds name. @throws FederationError when both copies are damaged */
  mendBlob(sha256: string, rounds: readonly RoundRecord[]): Promise<void>;
}

export interface CopiesOptions {
  /** The run folder. */
  readonly path: string;
  readonly blobs: BlobFolder;
  /**
   * Files that were there before round 1, by hash, with a function that makes their bytes again:
   * the second copy.
   */
  readonly given: ReadonlyMap<string, () => Uint8Array>;
  /** Told in words what was repaired. */
  readonly onMended?: ((notice: string) => void) | undefined;
}

export function twoCopies({ path, blobs, given, onMended }: CopiesOptions): TwoCopies {
  const isFileSound = async (file: string, sha256: string) =>
    (await describeFile(file).catch(() => undefined))?.sha256 === sha256;
  return {
    async mendFile(role, sha256) {
      const file = join(path, stateFile(role));
      if (await isFileSound(file, sha256)) return;
      const blob = blobs.pathOf(sha256);
      if (!(await blobs.isSound(sha256))) throw bothDamaged(file, blob);
      await writeFileWhole(file, await blobs.get(sha256)).catch((cause: unknown) => {
        throw cannotWrite(file, cause);
      });
      onMended?.(`"${file}" was changed on the disk; it is copied from ${blob}`);
    },
    async mendBlob(sha256, rounds) {
      if (await blobs.isSound(sha256)) return;
      const blob = blobs.pathOf(sha256);
      const role = roleOf(sha256, rounds);
      if (role !== undefined) {
        const file = join(path, stateFile(role));
        if (!(await isFileSound(file, sha256))) throw bothDamaged(file, blob);
        await blobs.copy(file);
      } else {
        const make = given.get(sha256);
        if (make === undefined) return;
        await blobs.discard(sha256);
        await blobs.put(make());
      }
      onMended?.(`${blob} was changed on the disk; it is copied from where it lies besides`);
    },
  };
}

/** The role under which the blob lies in the run folder. */
function roleOf(sha256: string, rounds: readonly RoundRecord[]): StateRole | undefined {
  for (const { round, merged, refitted, computed } of rounds) {
    if (refitted?.sha256 === sha256) return { type: 'refitted', round };
    if (computed.constants === sha256) return { type: 'constants', round };
    if (computed.solve === sha256) return { type: 'solution', round };
    if (merged?.sha256 === sha256) return { type: 'merged', round };
    const [name] = Object.entries(merged?.common ?? {}).find(([, hash]) => hash === sha256) ?? [];
    if (name !== undefined) return { type: 'common', name, round };
    if (merged?.average === sha256) return { type: 'average', round };
    if (merged?.server === sha256) return { type: 'server', round };
  }
  return undefined;
}

const bothDamaged = (file: string, blob: string) =>
  new FederationError(`"${file}" and its copy ${blob} were changed on the disk, or are gone`, {
    hint: 'put back one of them, and give the same command again; or start in another folder',
  });
