/** Reads a participant's arrays from files that were chosen in a page. For pages. */
import type { Dataset } from '../../dataset.js';
import { DataError } from '../../error.js';
import type { PageFile } from '../../page/page-files.js';
import type { ArraySettings } from '../../settings.js';
import { arraysInFile, arraysInFolder, isNpy } from '../array-files.js';
import { type ArraysOptions, readArrays } from '../read-arrays.js';
import type { FoundArrays } from '../stored-array.js';
import { pageByteFile } from './page-byte-file.js';

export interface PageArraysOptions extends Pick<ArraysOptions, 'signal'> {
  /** The most bytes of all files. */
  readonly mostBytes: number;
}

/**
 * The data set that `join` makes of the same file, or of a folder of the same `.npy` files.
 * @param place what the files are called together, in errors
 * @throws DataError when an array is missing, or does not fit the others or its meaning; the
 * signal's reason when it is aborted
 */
export async function readPageArrays(
  files: readonly PageFile[],
  place: string,
  settings: Pick<ArraySettings, 'inputs' | 'targets'>,
  { mostBytes, signal }: PageArraysOptions,
): Promise<Dataset> {
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
  if (bytes > mostBytes) {
    throw new DataError(`data: "${place}" takes ${bytes} bytes, expected at most ${mostBytes} in a page`, {
      hint: 'take part by `commonweight join`, which has more memory',
    });
  }
  const found = await foundIn(files, place);
  const { train } = await readArrays({ path: place, name: place, found }, settings, {
    ...{ wanted: 'training', signal },
  });
  return train;
}

async function foundIn(files: readonly PageFile[], place: string): Promise<FoundArrays> {
  const [only, ...others] = files;
  if (only !== undefined && others.length === 0) return arraysInFile(pageByteFile(only));
  return arraysInFolder(place, files.filter(({ path }) => isNpy(path)).map(pageByteFile));
}
