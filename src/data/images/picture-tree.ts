/**
 * Lists the files of a folder by class, such as pictures: one folder for each class, perhaps below
 * `train/`, `val/` and `test/`, in any case. Folders in a class belong to it. The folder may be on
 * a disk, or consist of files that were chosen in a page.
 */
import { canonicalName, compareNames, escapedName, repeatedName } from '../../base/names.js';
import { DataError } from '../error.js';
import { isHidden } from '../hidden-file.js';
import { isPictureName } from './picture-checks.js';

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
  /** Empty if only test pictures are wanted, or there. */
  readonly train: PicturesByClass;
  /** Missing if the folder is not divided, or if they are not wanted. */
  readonly test?: PicturesByClass;
  /** What is not read, such as `val/` or a file beside the classes: paths in the folder. */
  readonly unused: readonly string[];
  /** Files in a class that are not pictures by their names, and classes without pictures. */
  readonly strays: readonly DataError[];
}

export interface PictureExample {
  readonly path: string;
  /** The number of the class. */
  readonly label: number;
}

/** Which pictures are wanted. Those of a folder that is not divided are for training. */
export type WantedPictures = 'both' | 'training' | 'test';

/** The files that classes consist of. */
export interface ClassFiles {
  /** Such as "pictures". */
  readonly what: string;
  isOne(name: string): boolean;
  /** What a file with another name is, and is to be. */
  stray(name: string): { readonly is: string; readonly expected: string; readonly hint: string };
  /** How folders are arranged. */
  readonly layoutHint: string;
}

export const layoutHint =
  'arrange the pictures as FOLDER/class/picture.png, or FOLDER/train/class/… and FOLDER/test/class/…';
const PICTURES: ClassFiles = {
  ...{ what: 'pictures', isOne: isPictureName, layoutHint },
  stray: (name) => ({
    is: /\.hei[cf]$/i.test(name) ? 'is HEIC, which needs a licence to be decoded' : 'is not a picture',
    expected: '.png, .jpg, .webp, .gif, .tif, .avif or .bmp',
    hint: 'convert it, to JPEG for example, or move it out of the folder',
  }),
};
const MOST_CLASSES = 256;
/** Deeper folders are a circle of links. */
const DEEPEST = 12;

const partNames = {
  train: /^train(ing)?$/i,
  validation: /^(val|valid|validation|dev)$/i,
  test: /^test(ing)?$/i,
} as const;
type PartName = keyof typeof partNames;
type Parts = Partial<Record<PartName, FolderEntry>>;

/**
 * @param list reads a folder
 * @throws DataError when the folders are arranged differently
 */
export const findPictures = (
  given: string,
  list: ListFolder,
  wanted: WantedPictures = 'both',
): Promise<PictureTree> => findClasses(given, list, wanted, PICTURES);

/** The same, of other files. */
export async function findClasses(
  given: string,
  list: ListFolder,
  wanted: WantedPictures,
  files: ClassFiles,
): Promise<PictureTree> {
  const found: TreeScan = { list, files, unused: [], strays: [] };
  const folder = await innerFolder(given, found);
  const entries = await visibleEntries(folder, list);
  const parts = partsOf(folder, entries, files);
  if (parts === undefined) return { ...found, train: await readClasses(folder, found) };
  // Where nothing is called a test, what is called validation is held out as one.
  const forTest = parts.test ?? parts.validation;
  const known = Object.values(parts);
  const unread = known.filter((part) => part !== parts.train && part !== forTest);
  const others = entries.filter((entry) => !known.includes(entry));
  found.unused.push(...[...unread, ...others].map(shownName));
  const train = wanted === 'test' ? undefined : parts.train;
  const test = wanted === 'training' ? undefined : forTest;
  if (train === undefined && wanted !== 'test') throw lacksPart(folder, 'train', files);
  if (test === undefined && wanted === 'test') throw lacksPart(folder, 'test', files);
  const { unused, strays } = found;
  return {
    ...{ unused, strays },
    train: train === undefined ? new Map() : await readClasses(train.path, found),
    ...(test !== undefined && { test: await readClasses(test.path, found) }),
  };
}

interface TreeScan {
  readonly list: ListFolder;
  readonly files: ClassFiles;
  readonly unused: string[];
  readonly strays: DataError[];
}

/**
 * In the order of classes and file names.
 * @param classNames the numbers of classes are places in this list
 */
export function pictureExamples(
  classes: PicturesByClass,
  classNames: readonly string[] = [...classes.keys()],
): PictureExample[] {
  return [...classes].flatMap(([name, paths]) =>
    paths.map((path) => ({ path, label: classNames.indexOf(name) })),
  );
}

/** Folders around the one that matters, as archives have them, are passed over. */
async function innerFolder(folder: string, scan: Pick<TreeScan, 'list' | 'files'>): Promise<string> {
  const { list, files } = scan;
  const hasFiles = (entries: readonly FolderEntry[]) =>
    entries.some(({ name, isFolder }) => !isFolder && files.isOne(name));
  const entries = await visibleEntries(folder, list);
  const [only, ...others] = entries.filter(({ isFolder }) => isFolder);
  if (only === undefined || others.length > 0) return folder;
  if (partNameOf(only.name) !== undefined || hasFiles(entries)) return folder;
  const below = await visibleEntries(only.path, list);
  return below.some(({ isFolder }) => isFolder) && !hasFiles(below) ? innerFolder(only.path, scan) : folder;
}

const partNameOf = (name: string) =>
  (Object.keys(partNames) as PartName[]).find((part) => partNames[part].test(name));

/**
 * The parts of a divided folder: one with a folder for training beside another part, or with parts
 * only. A folder `train` beside those of other classes is a class.
 */
export function partsOf(
  folder: string,
  entries: readonly FolderEntry[],
  files = PICTURES,
): Parts | undefined {
  const parts: Parts = {};
  const folders = entries.filter(({ isFolder }) => isFolder);
  for (const entry of folders) {
    const part = partNameOf(entry.name);
    const before = part && parts[part];
    if (before !== undefined) {
      throw new DataError(
        `data: "${folder}" has the folders "${before.name}" and "${entry.name}", expected one of them`,
        { hint: files.layoutHint },
      );
    }
    if (part !== undefined) parts[part] = entry;
  }
  const count = Object.keys(parts).length;
  const divided = count > 0 && (count === folders.length || (count > 1 && parts.train !== undefined));
  return divided ? parts : undefined;
}

const lacksPart = (folder: string, part: string, files: ClassFiles) =>
  new DataError(`data: "${folder}" is divided, but has no folder "${part}"`, { hint: files.layoutHint });

const shownName = ({ name, isFolder }: FolderEntry) => (isFolder ? `${name}/` : name);

async function readClasses(folder: string, found: TreeScan): Promise<PicturesByClass> {
  const entries = await visibleEntries(folder, found.list);
  const folders = entries.filter(({ isFolder }) => isFolder);
  if (folders.length === 0 || folders.length > MOST_CLASSES) {
    const many = folders.length === 0 ? 'no' : folders.length;
    const most = folders.length === 0 ? '' : `at most ${MOST_CLASSES}, `;
    throw new DataError(`data: "${folder}" has ${many} folders, expected ${most}one for each class`, {
      hint: found.files.layoutHint,
    });
  }
  const { what } = found.files;
  checkDistinct(folder, folders, what);
  found.unused.push(...entries.filter(({ isFolder }) => !isFolder).map(shownName));
  const classes = new Map<string, string[]>();
  for (const { name, path } of folders.sort((a, b) =>
    compareNames(canonicalName(a.name), canonicalName(b.name)),
  )) {
    const files = await readClass(path, found, 0);
    if (files.length > 0) classes.set(canonicalName(name), files);
    else {
      const hint = `add ${what}, or remove the folder`;
      found.strays.push(new DataError(`data: the class "${name}" has no ${what} in "${path}"`, { hint }));
    }
  }
  return classes;
}

function checkDistinct(folder: string, classes: readonly FolderEntry[], what: string): void {
  const repeated = repeatedName(classes.map(({ name }) => name));
  if (repeated === undefined) return;
  const { first, again } = repeated;
  throw new DataError(
    `data: "${folder}" has the folders ${escapedName(first)} and ${escapedName(again)}, two spellings of the class "${canonicalName(again)}", expected one folder for each class`,
    { hint: `put their ${what} into one of them` },
  );
}

async function readClass(folder: string, found: TreeScan, depth: number): Promise<string[]> {
  if (depth > DEEPEST) {
    throw new DataError(`data: "${folder}" lies more than ${DEEPEST} folders below its class`, {
      hint: 'look for a link that leads to a folder around it',
    });
  }
  const files: string[] = [];
  for (const { name, path, isFolder } of await visibleEntries(folder, found.list)) {
    if (isFolder) files.push(...(await readClass(path, found, depth + 1)));
    else if (found.files.isOne(name)) files.push(path);
    else {
      const { is, expected, hint } = found.files.stray(name);
      found.strays.push(new DataError(`data: "${path}" ${is}, expected ${expected}`, { hint }));
    }
  }
  return files;
}

/**
 * Without hidden files and what desktops leave behind. The order is by UTF-16 code units of NFC,
 * the same in every language and for a copy on a Mac.
 */
export async function visibleEntries(folder: string, list: ListFolder): Promise<FolderEntry[]> {
  const entries = await list(folder);
  const keyed = entries
    .filter(({ name }) => !isHidden(name))
    .map((entry) => ({ entry, key: canonicalName(entry.name) }));
  return keyed
    .sort((a, b) => (a.key < b.key || (a.key === b.key && a.entry.name < b.entry.name) ? -1 : 1))
    .map(({ entry }) => entry);
}
