/** Files that were chosen in a page, as folders. For pages. */
import type { PageFile } from '../../page/page-files.js';
import type { FolderEntry, ListFolder } from '../picture-tree.js';

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
