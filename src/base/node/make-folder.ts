/**
 * Makes a folder, with those above it, where they are missing. It is `mkdir` with `recursive`,
 * whose errors are the system's own: Node says of a read-only disk that there is no such file, and
 * tries without end where the system makes no folders, as in /proc.
 */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * @param options the mode of the folders that are made
 * @throws the system's error
 */
export async function makeFolder(path: string, options: { readonly mode?: number } = {}): Promise<void> {
  try {
    await mkdir(path, options);
  } catch (error) {
    if (await isFolder(path)) return;
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || (await isFolder(parent))) throw error;
    await makeFolder(parent, options);
    await makeFolder(path, options);
  }
}

const isFolder = (path: string) =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
