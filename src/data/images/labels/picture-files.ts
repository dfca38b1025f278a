/**
 * Lists the pictures of a folder whose targets are labels or masks, in any arrangement, perhaps
 * below `train/`, `val/` and `test/`.
 */

import { DataError } from '../../error.js';
import { isPictureName } from '../picture-checks.js';
import type { FolderEntry, ListFolder, WantedPictures } from '../picture-tree.js';
import { partsOf, visibleEntries } from '../picture-tree.js';

export interface PictureFiles {
  /** Paths within the folder. */
  readonly train: readonly string[];
  /** Missing if the folder is not divided, or if they are not wanted. */
  readonly test?: readonly string[];
  /** All pictures, those that are not wanted too. */
  readonly all: readonly string[];
  /** Files that belong to the targets. */
  readonly targets: readonly string[];
  /** What is not read. */
  readonly unused: readonly string[];
}

/** Deeper folders are a circle of links. */
const DEEPEST = 12;

/**
 * @param isTarget whether a path within the folder belongs to the targets
 * @throws DataError when there are no pictures, or parts are missing
 */
export async function findPictureFiles(
  folder: string,
  list: ListFolder,
  wanted: WantedPictures,
  isTarget: (path: string) => boolean,
): Promise<PictureFiles> {
  const entries = (await visibleEntries(folder, list)).filter(({ name }) => !isTarget(name));
  const parts = partsOf(folder, entries) ?? {};
  const found: Collected = { pictures: [], targets: [], unused: [] };
  await collect({ name: '', path: folder, isFolder: true }, '', { list, isTarget, found, depth: 0 });
  const of = (part: FolderEntry | undefined) =>
    part && found.pictures.filter((path) => path.startsWith(`${part.name}/`));
  const isDivided = Object.keys(parts).length > 0;
  // Where nothing is called a test, what is called validation is held out as one.
  const [train, test] = isDivided
    ? [of(parts.train) ?? [], of(parts.test ?? parts.validation) ?? []]
    : [found.pictures, undefined];
  const chosen = {
    train: wanted === 'test' && isDivided ? [] : train,
    ...(test !== undefined && wanted !== 'training' && { test }),
  };
  const used = new Set([...train, ...(test ?? [])]);
  const others = found.pictures.filter((path) => !used.has(path));
  const none = (wanted === 'test' && isDivided ? test : train)?.length === 0;
  if (none) {
    const which = isDivided ? ` for ${wanted === 'test' ? 'the test' : 'training'}` : '';
    throw new DataError(`data: "${folder}" has no pictures${which}, expected .png, .jpg and the like`, {
      hint: isDivided ? 'put them below train/ and test/' : undefined,
    });
  }
  return {
    ...chosen,
    all: found.pictures,
    targets: found.targets,
    unused: [...found.unused, ...new Set(others.map((path) => `${path.split('/')[0]}/`))],
  };
}

interface Collected {
  readonly pictures: string[];
  readonly targets: string[];
  readonly unused: string[];
}

interface Collecting {
  readonly list: ListFolder;
  readonly isTarget: (path: string) => boolean;
  readonly found: Collected;
  readonly depth: number;
}

async function collect({ path }: FolderEntry, within: string, of: Collecting): Promise<void> {
  if (of.depth > DEEPEST) {
    throw new DataError(`data: "${path}" lies more than ${DEEPEST} folders deep`, {
      hint: 'look for a link that leads to a folder around it',
    });
  }
  for (const entry of await visibleEntries(path, of.list)) {
    const own = within === '' ? entry.name : `${within}/${entry.name}`;
    if (entry.isFolder) await collect(entry, own, { ...of, depth: of.depth + 1 });
    else if (of.isTarget(own)) of.found.targets.push(own);
    else (isPictureName(entry.name) ? of.found.pictures : of.found.unused).push(own);
  }
}
