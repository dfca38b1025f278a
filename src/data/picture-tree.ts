/** Which pictures a folder holds, by class: one folder a class, perhaps below `train/` and `test/`. */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from './error.js';
import { reasonOf } from './file-bytes.js';

/** Paths of pictures by class, in the order of names (of classes, and of files in a class). */
export type PicturesByClass = ReadonlyMap<string, readonly string[]>;

export interface PictureTree {
  readonly train: PicturesByClass;
  /** Missing where the folder is not divided into `train/` and `test/`. */
  readonly test?: PicturesByClass;
}

const layoutHint =
  'lay the pictures out as FOLDER/class/picture.png, or FOLDER/train/class/… and FOLDER/test/class/…';
const notData = new Set(['Thumbs.db', 'desktop.ini']);

/**
 * @param trainingOnly looks for no test pictures: of `train/` and `test/` the second need not be there
 * @throws DataError when the folder is laid out otherwise; it names the first file or folder that does not fit.
 */
export async function findPictures(folder: string, trainingOnly = false): Promise<PictureTree> {
  const top = await subfolders(folder);
  if (trainingOnly && top.includes('train') && top.every((name) => name === 'train' || name === 'test')) {
    return { train: await readClasses(join(folder, 'train')) };
  }
  if (!top.includes('train') || !top.includes('test')) return { train: await readClasses(folder) };
  const train = await readClasses(join(folder, 'train'));
  const test = await readClasses(join(folder, 'test'));
  for (const [has, hasName, lacks, lacksName] of [
    [train, 'train', test, 'test'],
    [test, 'test', train, 'train'],
  ] as const) {
    const missing = [...has.keys()].find((name) => !lacks.has(name));
    if (missing !== undefined) {
      throw new DataError(
        `data: "${folder}" has the class "${missing}" in ${hasName}/ but not in ${lacksName}/, expected the same classes in both`,
      );
    }
  }
  return { train, test };
}

async function readClasses(folder: string): Promise<PicturesByClass> {
  const names = await subfolders(folder);
  if (names.length === 0) {
    throw new DataError(`data: "${folder}" has no folders, expected one a class`, { hint: layoutHint });
  }
  if (names.length > 256) {
    throw new DataError(`data: "${folder}" has ${names.length} folders, expected at most 256, one a class`, {
      hint: layoutHint,
    });
  }
  const classes = new Map<string, string[]>();
  for (const name of names) {
    const files = await readClass(join(folder, name));
    if (files.length === 0) {
      throw new DataError(`data: the class "${name}" has no pictures in "${join(folder, name)}"`, {
        hint: 'add PNG or JPEG files, or remove the folder',
      });
    }
    classes.set(name, files);
  }
  return classes;
}

async function readClass(folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await visibleEntries(folder)) {
    const path = join(folder, entry.name);
    if (await isFolder(entry, folder)) {
      throw new DataError(`data: "${path}" is a folder, expected pictures only in a class`, {
        hint: layoutHint,
      });
    }
    if (!/\.(png|jpe?g)$/i.test(entry.name)) {
      throw new DataError(`data: "${path}" is not a picture, expected .png, .jpg or .jpeg`, {
        hint: 'convert it, or move it out of the folder',
      });
    }
    files.push(path);
  }
  return files;
}

async function subfolders(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await visibleEntries(folder)) {
    if (await isFolder(entry, folder)) names.push(entry.name);
  }
  return names;
}

/** Without hidden files and what desktops leave, in the order of UTF-16 code units, the same in every language. */
async function visibleEntries(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter(({ name }) => !name.startsWith('.') && !notData.has(name))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    throw new DataError(`data: cannot read the folder "${folder}": ${reasonOf(cause)}`, { cause });
  }
}

async function isFolder(entry: Dirent, folder: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return stat(join(folder, entry.name)).then(
    (target) => target.isDirectory(),
    () => false,
  );
}
