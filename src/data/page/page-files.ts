/**
 * Reads the files that a user drops on a page or chooses there: a folder with everything in it. For
 * pages.
 */
import { DataError } from '../error.js';
import { isHidden } from '../hidden-file.js';

export interface PageFile {
  /**
   * The path from the chosen folder, such as "clothes/shirts/a.png"; a file chosen by itself has
   * only its name.
   */
  readonly path: string;
  readonly file: File;
}

/** The name, in errors, of files that have no common folder. */
export const unnamedFiles = 'the chosen files';

/** More files are no data set for a tab; somebody may have chosen a whole disk. */
const mostFiles = 200_000;

/**
 * All files of a drop. It must be called while the event is handled: afterwards the list is empty.
 * @throws DataError when a folder cannot be read, or there are too many files.
 */
export async function filesOfDrop(items: DataTransferItemList): Promise<PageFile[]> {
  const dropped = [...items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const files: PageFile[] = [];
  for (const entry of dropped) await collect(entry, files);
  return files;
}

/** The files of an `<input type="file">`, with `webkitdirectory` or without. */
export function filesOfInput(list: FileList): PageFile[] {
  const files = [...list].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
  return files.filter(({ path }) => !path.split('/').some(isHidden));
}

async function collect(entry: FileSystemEntry, files: PageFile[]): Promise<void> {
  if (isHidden(entry.name)) return;
  const path = entry.fullPath.replace(/^\//, '');
  try {
    if (entry.isFile) files.push({ path, file: await fileOf(entry as FileSystemFileEntry) });
  } catch (cause) {
    throw unreadablePageFile(path, cause);
  }
  if (files.length > mostFiles) {
    throw new DataError(`data: there are more than ${mostFiles} files, up to "${path}"`, {
      hint: 'choose the folder of the data set alone',
    });
  }
  if (!entry.isDirectory) return;
  for (const below of await entriesOf(entry as FileSystemDirectoryEntry)) await collect(below, files);
}

const fileOf = (entry: FileSystemFileEntry) =>
  new Promise<File>((resolve, reject) => entry.file(resolve, reject));

/** A reader returns some entries at a time (a hundred in Chromium), until it returns none. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  try {
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      );
      if (some.length === 0) return all;
      all.push(...some);
    }
  } catch (cause) {
    throw unreadablePageFile(folder.fullPath, cause);
  }
}

/** The bytes of a part of a file. */
export async function readPageFile(
  { path, file }: PageFile,
  start = 0,
  end = file.size,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await file.slice(start, end).arrayBuffer());
  } catch (cause) {
    throw unreadablePageFile(path, cause);
  }
}

export function unreadablePageFile(path: string, cause: unknown): DataError {
  return new DataError(`data: cannot read "${path}": ${(cause as Error).message}`, {
    cause,
    hint: 'it may have been moved or changed since it was chosen: choose it again',
  });
}
