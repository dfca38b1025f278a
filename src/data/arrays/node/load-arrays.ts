/** Loads a data set of arrays from a file, or from a folder of `.npy` files. Node only. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { reasonOf } from '../../../base/node/reason.js';
import { DataError } from '../../error.js';
import type { ArraySettings } from '../../settings.js';
import { arraysInFile, arraysInFolder, isNpy } from '../array-files.js';
import { type ArraysOptions, type LoadedArrays, readArrays } from '../read-arrays.js';
import type { FoundArrays } from '../stored-array.js';
import { byteFile } from './byte-file.js';

/** @throws DataError when there is no such file, and as `readArrays` does */
export async function loadArrays(
  path: string,
  settings: Pick<ArraySettings, 'inputs' | 'targets'>,
  options: ArraysOptions = {},
): Promise<LoadedArrays> {
  const name = basename(resolve(path));
  return readArrays({ path, name, found: await findArrays(path) }, settings, options);
}

async function findArrays(path: string): Promise<FoundArrays> {
  const found = await stat(path).catch((cause) => {
    throw new DataError(`data: "${path}" cannot be read: ${reasonOf(cause)}`, { cause });
  });
  if (!found.isDirectory()) return arraysInFile(byteFile(path, found.size));
  const files = (await readdir(path)).filter(isNpy).map(async (name) => {
    const inside = join(path, name);
    return byteFile(inside, (await stat(inside)).size);
  });
  return arraysInFolder(path, await Promise.all(files));
}
