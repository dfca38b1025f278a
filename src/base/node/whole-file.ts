/**
 * Writes files so that they are complete or absent, whenever the machine stops. A file is written
 * under another name, synced and renamed. Then the folder is synced, since the new name is safe
 * only after that. All files that are replaced are written by this module. Node only.
 */
import { randomUUID } from 'node:crypto';
import { type FileHandle, link, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from './make-folder.js';

export interface WholeFileOptions {
  /** The mode of the file from its first byte on; by default, what the umask allows. */
  readonly mode?: number;
  /** Fails with EEXIST if the file exists already, instead of replacing it. */
  readonly exclusive?: boolean;
}

/** Makes the folder if it is missing. */
export async function writeFileWhole(
  path: string,
  bytes: Uint8Array | string | AsyncIterable<string>,
  options: WholeFileOptions = {},
): Promise<void> {
  await makeFolder(dirname(path));
  const isWhole = typeof bytes === 'string' || bytes instanceof Uint8Array;
  const body = (file: FileHandle) => (isWhole ? file.writeFile(bytes) : writeFile(file, bytes));
  await writeWhole(`${path}.${randomUUID()}.part`, path, body, options);
}

/**
 * @param temporary an unused name in the same folder; the file is removed if anything fails
 * @param body writes the file
 * @throws whatever `body` or the system throws
 */
export async function writeWhole(
  temporary: string,
  path: string,
  body: (file: FileHandle) => Promise<void>,
  { mode = 0o666, exclusive = false }: WholeFileOptions = {},
): Promise<void> {
  if (!exclusive && (await isDevice(path))) {
    const device = await open(path, 'w');
    return body(device).finally(() => device.close());
  }
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

/** Whether it is a device or a pipe: a file would take its place, so it is written to. */
async function isDevice(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

/** Gives a synced file its final name, durably. */
export async function placeFile(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
  if (dirname(from) !== dirname(to)) await syncFolder(dirname(from));
}

/**
 * Syncs a folder, so that a new name survives a power cut. Some systems cannot open folders; they
 * are skipped.
 */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
