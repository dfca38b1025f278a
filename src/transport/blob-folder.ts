/**
 * A folder of blobs, as files named by their hash. A blob is there whole and synced, or not at all.
 * After a kill the folder may have temporary files, which are removed. Node only.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, copyFile, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { makeFolder } from '../base/node/make-folder.js';
import { reasonOf } from '../base/node/reason.js';
import { sha256Of } from '../base/node/sha256-of.js';
import { placeFile } from '../base/node/whole-file.js';
import { type Blob, sha256Schema } from '../protocol/blob-name.js';
import { TransportError } from './error.js';
import type { BlobFolder } from './transport.js';

/** Opens or makes the folder. Nobody else may use it meanwhile. */
export async function blobFolder(path: string): Promise<BlobFolder> {
  await prepare(path);
  // Refuses a hash with anything but hexadecimal digits, which could be a path. Requests were
  // checked before, so that would be a bug.
  const pathOf = (sha256: string) => join(path, sha256Schema.parse(sha256));
  /**
   * The blobs that are being adopted. A promise settles when the blob is there, or never will be.
   */
  const arriving = new Map<string, Promise<unknown>>();
  /** The path of a blob, once it is not being adopted any more. */
  const settledPathOf = async (sha256: string) => {
    await arriving.get(sha256);
    return pathOf(sha256);
  };
  const has = async (sha256: string) =>
    access(await settledPathOf(sha256)).then(
      () => true,
      () => false,
    );
  return {
    has,
    pathOf,
    async put(bytes) {
      const blob = { sha256: sha256Of(bytes), bytes: bytes.length };
      if (await has(blob.sha256)) return blob;
      return keep(path, (temporary) => writeFile(temporary, bytes), blob);
    },
    async describe(sha256) {
      const { size } = await stat(await settledPathOf(sha256)).catch((cause: unknown) => {
        throw new TransportError(`blob ${sha256.slice(0, 12)}… is not there`, { cause });
      });
      return { sha256, bytes: size };
    },
    async isSound(sha256) {
      const blob = await describeFile(await settledPathOf(sha256)).catch(() => undefined);
      return blob?.sha256 === sha256;
    },
    copy: (file) => keep(path, (temporary) => copyFile(file, temporary)),
    async adopt(file, { sha256 }, synced) {
      const adopting = (async () => {
        await synced;
        await placeFile(file, pathOf(sha256));
      })();
      const settled = adopting.catch(() => undefined);
      arriving.set(sha256, settled);
      await adopting.finally(() => arriving.get(sha256) === settled && arriving.delete(sha256));
    },
    get: async (sha256) => readSound(await settledPathOf(sha256), sha256),
    discard: async (sha256) => rm(await settledPathOf(sha256), { force: true }),
    async discardOthers(than) {
      const others = (await readdir(path)).filter((name) => isSha256(name) && !than.has(name));
      for (const sha256 of others) await rm(pathOf(sha256), { force: true });
    },
  };
}

/** Makes the folder, and removes files that a kill has left in it. */
async function prepare(path: string): Promise<void> {
  try {
    await makeFolder(path, { mode: 0o700 });
    for (const name of await readdir(path)) if (name.endsWith('.part')) await rm(join(path, name));
  } catch (cause) {
    throw cannotWrite(path, cause);
  }
}

/** @param write makes a file of this name, which is synced afterwards */
async function keep(
  folder: string,
  write: (temporary: string) => Promise<void>,
  known?: Blob,
): Promise<Blob> {
  const temporary = join(folder, `${randomUUID()}.part`);
  try {
    await write(temporary);
    const file = await open(temporary, 'r+');
    await file.sync().finally(() => file.close());
    const blob = known ?? (await describeFile(temporary));
    await placeFile(temporary, join(folder, blob.sha256));
    return blob;
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw cannotWrite(folder, cause);
  }
}

const cannotWrite = (path: string, cause: unknown) =>
  new TransportError(`"${path}" cannot be written: ${reasonOf(cause)}`, {
    cause,
    hint: 'fix this and rerun the same command: the run resumes',
  });

/** @throws TransportError when the file cannot be read, or its bytes do not have its hash */
async function readSound(path: string, sha256: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new TransportError(`blob ${sha256.slice(0, 12)}… cannot be read: ${reasonOf(cause)}`, { cause });
  });
  const actual = sha256Of(bytes);
  if (actual === sha256) return bytes;
  throw new TransportError(`blob ${sha256.slice(0, 12)}… was changed on the disk: its SHA-256 is ${actual}`, {
    hint: `remove ${path}, and have it sent once more`,
  });
}

const isSha256 = (name: string) => sha256Schema.safeParse(name).success;

/**
 * The size of the pieces in which a file is hashed: reading smaller ones takes more time than
 * hashing.
 */
const PIECE_BYTES = 2 ** 20;

/** Describes a file by its bytes, whatever its name. */
export async function describeFile(path: string): Promise<Blob> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: PIECE_BYTES }), hash);
  return { sha256: hash.digest('hex'), bytes: (await stat(path)).size };
}
