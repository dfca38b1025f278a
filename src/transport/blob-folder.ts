/**
 * Blobs as files that are named by their hash: whole, synced, or not there at all. A folder that is found again after a kill
 * has at most temporary files to sweep away. Node only.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Blob, sha256Schema } from '../protocol/blob-name.js';
import { TransportError } from './error.js';
import type { BlobFolder } from './transport.js';

export const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Opens, or makes, the folder. */
export async function blobFolder(path: string): Promise<BlobFolder> {
  await mkdir(path, { recursive: true });
  // A hash is no path: anything else than hexadecimal digits is our own mistake here, and refused at the door before.
  const pathOf = (sha256: string) => join(path, sha256Schema.parse(sha256));
  const has = (sha256: string) =>
    access(pathOf(sha256)).then(
      () => true,
      () => false,
    );
  return {
    has,
    pathOf,
    async put(bytes) {
      const blob = { sha256: sha256Of(bytes), bytes: bytes.length };
      if (await has(blob.sha256)) return blob;
      const temporary = join(path, `${randomUUID()}.part`);
      try {
        const file = await open(temporary, 'wx');
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(temporary, pathOf(blob.sha256));
        await syncFolder(path);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
      return blob;
    },
    async describe(sha256) {
      const { size } = await stat(pathOf(sha256)).catch((cause: unknown) => {
        throw new TransportError(`blob ${sha256.slice(0, 12)}… is not there`, { cause });
      });
      return { sha256, bytes: size };
    },
    async isSound(sha256) {
      const blob = await describeFile(pathOf(sha256)).catch(() => undefined);
      return blob?.sha256 === sha256;
    },
    async link(file) {
      const blob = await describeFile(file);
      await link(file, pathOf(blob.sha256)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
      await syncFolder(path);
      return blob;
    },
    async adopt(file, verified) {
      const blob = verified ?? (await describeFile(file));
      await rename(file, pathOf(blob.sha256));
      await syncFolder(path);
      await syncFolder(dirname(file));
      return blob;
    },
    async get(sha256) {
      const bytes = await readFile(pathOf(sha256)).catch((cause: unknown) => {
        throw new TransportError(`blob ${sha256.slice(0, 12)}… cannot be read: ${String(cause)}`, { cause });
      });
      const actual = sha256Of(bytes);
      if (actual !== sha256) {
        throw new TransportError(
          `blob ${sha256.slice(0, 12)}… was changed on the disk: its SHA-256 is ${actual}`,
          { hint: `remove ${pathOf(sha256)}, and have it sent once more` },
        );
      }
      return bytes;
    },
    discard: (sha256) => rm(pathOf(sha256), { force: true }),
  };
}

async function describeFile(path: string): Promise<Blob> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return { sha256: hash.digest('hex'), bytes: (await stat(path)).size };
}

/** So that a new name survives a power cut. Some systems cannot open folders: there it is left to them. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
