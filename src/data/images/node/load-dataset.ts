/**
 * Loads a data set by the name that a user gives: a known name, or a folder in any supported
 * format.
 */
import { readdir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { nearestName } from '../../../base/nearest-name.js';
import { reasonOf } from '../../../base/node/reason.js';
import { DataError } from '../../error.js';
import type { OnDataProgress } from '../../progress.js';
import { isIdxFileName } from '../idx-names.js';
import type { ImageSplit } from '../image-dataset.js';
import { loadFashionMnist } from './fashion-mnist.js';
import { loadIdxFolder } from './idx-folder.js';
import { loadPictureFolder, type PictureFolderOptions } from './picture-folder.js';

export interface LoadDatasetOptions extends PictureFolderOptions {
  /**
   * The folder with the four files of Fashion-MNIST. It is not used for a data set given by its own
   * folder.
   */
  readonly dataDir?: string | undefined;
  readonly onProgress?: OnDataProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

export const datasetNames: readonly string[] = ['fashion-mnist'];

/**
 * The form that a run stores, so that the set is found from another working directory; a known name
 * stays as it is.
 */
export const datasetPath = (spec: string): string => (datasetNames.includes(spec) ? spec : resolve(spec));

/**
 * @param spec "fashion-mnist", or the path of a folder: four IDX files (MNIST and similar sets), or
 * pictures with one folder for each class. The content of the folder decides.
 * @throws DataError when there is no such set or it cannot be read.
 */
export async function loadDataset(spec: string, options: LoadDatasetOptions = {}): Promise<ImageSplit> {
  if (spec === 'fashion-mnist') {
    const { dataDir, onProgress, signal } = options;
    return loadFashionMnist({ dataDir, onProgress, signal });
  }
  const found = await stat(spec).catch(() => undefined);
  if (found === undefined) throw unknown(spec, 'is neither a known data set nor a folder');
  if (!found.isDirectory()) throw unknown(spec, 'is a file');
  const entries = await readdir(spec, { withFileTypes: true }).catch((cause) => {
    throw new DataError(`data: cannot read the folder "${spec}": ${reasonOf(cause)}`, { cause });
  });
  if (entries.some(({ name }) => isIdxFileName(name))) return loadIdxFolder(spec, options.trainingOnly);
  if (entries.some((entry) => !entry.isFile() && !entry.name.startsWith('.')))
    return loadPictureFolder(spec, options);
  throw unknown(spec, entries.length === 0 ? 'is an empty folder' : 'is a folder without a data set');
}

/**
 * Loads the data set of a recorded run, which may have been moved since.
 * @param moved where it lies now, if somebody says so
 * @throws DataError when there is no such set or it cannot be read; how to say where it lies now
 */
export async function loadRecordedDataset(
  recorded: string,
  moved: string | undefined,
  options: LoadDatasetOptions = {},
): Promise<ImageSplit> {
  if (moved !== undefined) return loadDataset(moved, options);
  return loadDataset(recorded, options).catch((cause: unknown) => {
    if (!(cause instanceof DataError) || cause.hint !== undefined) throw cause;
    throw new DataError(cause.message, { cause, hint: 'if it was moved, give its folder by --data DIR' });
  });
}

function unknown(spec: string, what: string): DataError {
  const nearest = nearestName(spec, datasetNames);
  return new DataError(
    `data: "${spec}" ${what}, expected "fashion-mnist", or a folder with train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte (gzip or plain), or a folder of PNG or JPEG pictures with one folder for each class`,
    nearest === undefined ? {} : { hint: `did you mean "${nearest}"?` },
  );
}
