/**
 * Writes files that are there whole or not at all, whenever the machine stops. A file is written
 * under another name, synced and renamed; then the folder is synced, since a new name is safe only
 * with it. Every file that is replaced is written by this module. Node only.
 */
import { randomUUID } from 'node:crypto';
import { type FileHandle, link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface WholeFileOptions {
  /** Of the file, from its first byte on; what the umask allows by default. */
  readonly mode?: number;
  /** Fails with EEXIST where there is a file of that name already, in place of replacing it. */
  readonly exclusive?: boolean;
}

/** Makes the folder where there is none. */
export async function writeFileWhole(
  path: string,
  bytes: Uint8Array | string,
  options: WholeFileOptions = {},
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeWhole(`${path}.${randomUUID()}.part`, path, (file) => file.writeFile(bytes), options);
}

/**
 * @param temporary a name that nothing else has, in the same folder; it is gone again where
 *   anything fails
 * @param body writes the file
 * @throws whatever `body` throws, or the system
 */
export async function writeWhole(
  temporary: string,
  path: string,
  body: (file: FileHandle) => Promise<void>,
  { mode = 0o666, exclusive = false }: WholeFileOptions = {},
): Promise<void> {
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await body(file);
      await file.sync();
    } finally {
      await file.close();
    }
    if (exclusive) {
      await link(temporary, path);
      await rm(temporary);
      await syncFolder(dirname(path));
    } else await placeFile(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Gives a file that is synced its name, for good. */
export async function placeFile(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
  if (dirname(from) !== dirname(to)) await syncFolder(dirname(from));
}

/**
 * So that a new name survives a power cut. Some systems cannot open folders: there it is left to
 * them.
 */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
