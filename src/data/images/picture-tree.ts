/**
 * Lists the pictures of a folder by class: one folder for each class, perhaps below `train/` and
 * `test/`. The folder may be on a disk, or consist of files that were chosen in a page.
 */
import { canonicalName, compareNames, escapedName, repeatedName } from '../../base/names.js';
import { DataError } from '../error.js';

export interface FolderEntry {
  readonly name: string;
  /** The folder's path, and the name. */
  readonly path: string;
  readonly isFolder: boolean;
}

/** The content of the folder with this path, in any order. */
export type ListFolder = (path: string) => Promise<readonly FolderEntry[]>;

/**
 * Paths of pictures by class; classes in the order of `compareNames`, files in the order of their
 * names' characters.
 */
export type PicturesByClass = ReadonlyMap<string, readonly string[]>;

export interface PictureTree {
  readonly train: PicturesByClass;
  /** Missing if the folder is not divided into `train/` and `test/`. */
  readonly test?: PicturesByClass;
}

export interface PictureExample {
  readonly path: string;
  /** The number of the class. */
  readonly label: number;
}

export const layoutHint =
  'arrange the pictures as FOLDER/class/picture.png, or FOLDER/train/class/… and FOLDER/test/class/…';
const notData = new Set(['Thumbs.db', 'desktop.ini', '__MACOSX']);

/** Whether it is hidden, or a file that desktops leave behind. */
export const isHidden = (name: string): boolean => name.startsWith('.') || notData.has(name);

/**
 * @param list reads a folder
 * @param trainingOnly looks for no test pictures: `test/` may be missing
 * @throws DataError when the folders are arranged differently; it names the first file or folder
 * that does not fit.
 */
export async function findPictures(
  folder: string,
  list: ListFolder,
  trainingOnly = false,
): Promise<PictureTree> {
  const top = await subfolders(folder, list);
  const below = (name: string) => top.find((entry) => entry.name === name);
  const trainFolder = below('train');
  const testFolder = below('test');
  const isDivided = top.every(({ name }) => name === 'train' || name === 'test');
  if (trainingOnly && trainFolder !== undefined && isDivided) {
    return { train: await readClasses(trainFolder.path, list) };
  }
  if (trainFolder === undefined || testFolder === undefined)
    return { train: await readClasses(folder, list) };
  const train = await readClasses(trainFolder.path, list);
  const test = await readClasses(testFolder.path, list);
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

/** In the order of classes and file names. */
export function pictureExamples(classes: PicturesByClass): PictureExample[] {
  return [...classes.values()].flatMap((paths, label) => paths.map((path) => ({ path, label })));
}

async function readClasses(folder: string, list: ListFolder): Promise<PicturesByClass> {
  const found = await subfolders(folder, list);
  if (found.length === 0) {
    throw new DataError(`data: "${folder}" has no folders, expected one for each class`, {
      hint: layoutHint,
    });
  }
  if (found.length > 256) {
    throw new DataError(
      `data: "${folder}" has ${found.length} folders, expected at most 256, one for each class`,
      {
        hint: layoutHint,
      },
    );
  }
  checkDistinct(folder, found);
  const classes = new Map<string, string[]>();
  for (const { name, path } of found.sort((a, b) =>
    compareNames(canonicalName(a.name), canonicalName(b.name)),
  )) {
    const files = await readClass(path, list);
    if (files.length === 0) {
      throw new DataError(`data: the class "${name}" has no pictures in "${path}"`, {
        hint: 'add PNG or JPEG files, or remove the folder',
      });
    }
    classes.set(canonicalName(name), files);
  }
  return classes;
}

function checkDistinct(folder: string, classes: readonly FolderEntry[]): void {
  const repeated = repeatedName(classes.map(({ name }) => name));
  if (repeated === undefined) return;
  const { first, again } = repeated;
  throw new DataError(
    `data: "${folder}" has the folders ${escapedName(first)} and ${escapedName(again)}, two spellings of the class "${canonicalName(again)}", expected one folder for each class`,
    { hint: 'put their pictures into one of them' },
  );
}

async function readClass(folder: string, list: ListFolder): Promise<string[]> {
  const files: string[] = [];
  for (const { name, path, isFolder } of await visibleEntries(folder, list)) {
    if (isFolder) {
      throw new DataError(`data: "${path}" is a folder, expected pictures only in a class`, {
        hint: layoutHint,
      });
    }
    if (!/\.(png|jpe?g)$/i.test(name)) {
      throw new DataError(`data: "${path}" is not a picture, expected .png, .jpg or .jpeg`, {
        hint: 'convert it, or move it out of the folder',
      });
    }
    files.push(path);
  }
  return files;
}

async function subfolders(folder: string, list: ListFolder): Promise<FolderEntry[]> {
  return (await visibleEntries(folder, list)).filter(({ isFolder }) => isFolder);
}

/**
 * Without hidden files and what desktops leave behind. The order is by UTF-16 code units of NFC,
 * the same in every language and for a copy on a Mac.
 */
async function visibleEntries(folder: string, list: ListFolder): Promise<FolderEntry[]> {
  const entries = await list(folder);
  const keyed = entries
    .filter(({ name }) => !isHidden(name))
    .map((entry) => ({ entry, key: canonicalName(entry.name) }));
  return keyed
    .sort((a, b) => (a.key < b.key || (a.key === b.key && a.entry.name < b.entry.name) ? -1 : 1))
    .map(({ entry }) => entry);
}
