/** Files that were chosen in a page, as folders. For pages. */
import { canonicalName } from '../../../base/names.js';
import type { PageFile } from '../../page/page-files.js';
import { type FolderEntry, type ListFolder, visibleEntries } from '../picture-tree.js';

/** These files as folders; the path of the outermost is "". */
export function foldersOf(files: readonly PageFile[]): ListFolder {
  const folders = new Map<string, Map<string, FolderEntry>>([['', new Map()]]);
  for (const { path } of files) {
    const names = path.split('/');
    names.forEach((name, depth) => {
      const folder = names.slice(0, depth).join('/');
      const entries = folders.get(folder) ?? new Map<string, FolderEntry>();
      folders.set(folder, entries);
      const isFolder = depth < names.length - 1;
      entries.set(name, { name, path: names.slice(0, depth + 1).join('/'), isFolder });
    });
  }
  return async (path) => [...(folders.get(path)?.values() ?? [])];
}

/**
 * The folder that holds the folders of classes, or the files of a data set, inside any number of
 * outer folders. The only folder that was chosen may also be one of those within the data.
 * @param within names of folders that belong to the data
 */
export async function chosenRoot(list: ListFolder, within: readonly string[]): Promise<string> {
  for (let root = ''; ; ) {
    const [only, ...others] = await visibleEntries(root, list);
    if (only === undefined || others.length > 0 || !only.isFolder) return root;
    const below = await visibleEntries(only.path, list);
    if (within.includes(canonicalName(only.name)) && below.some(({ isFolder }) => !isFolder)) return root;
    root = only.path;
  }
}
