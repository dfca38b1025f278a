/**
 * Loads a data set by the name that a user gives: a known name, or a folder in any supported
 * format.
 */
import { readdir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { nearestName } from '../../../base/nearest-name.js';
import { reasonOf } from '../../../base/node/reason.js';
import { DataError, MissingDataError } from '../../error.js';
import { isIdxFileName } from '../idx-names.js';
import { type PictureFit, type PictureSizeSetting, pictureExtentOf } from '../picture-size.js';
import { loadFashionMnist } from './fashion-mnist.js';
import { loadIdxFolder } from './idx-folder.js';
import { type LoadedImages, type LoadedPictures, loadPictureFolder } from './picture-folder.js';
import type { PictureFolderOptions } from './surveyed-pictures.js';

export interface LoadDatasetOptions extends PictureFolderOptions {
  /**
   * The folder with the four files of Fashion-MNIST. It is not used for a data set given by its own
   * folder.
   */
  readonly dataDir?: string | undefined;
}

type LoadInMemory = LoadDatasetOptions & { readonly paging?: undefined };

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
export function loadDataset(spec: string, options?: LoadInMemory): Promise<LoadedImages>;
/** Large sets of pictures lie in files, which `closeDatasets` gives back. */
export function loadDataset(spec: string, options: LoadDatasetOptions): Promise<LoadedPictures>;
export async function loadDataset(spec: string, options: LoadDatasetOptions = {}): Promise<LoadedPictures> {
  if (spec === 'fashion-mnist') {
    const { dataDir, onProgress, signal } = options;
    return { ...(await loadFashionMnist({ dataDir, onProgress, signal })), isWhole: false };
  }
  const found = await stat(spec).catch(() => undefined);
  if (found === undefined) throw unknown(spec, 'is neither a known data set nor a folder');
  if (!found.isDirectory()) throw unknown(spec, 'is a file');
  const entries = await readdir(spec, { withFileTypes: true }).catch((cause) => {
    throw new DataError(`data: cannot read the folder "${spec}": ${reasonOf(cause)}`, { cause });
  });
  if (entries.some(({ name }) => isIdxFileName(name))) {
    return { ...(await loadIdxFolder(spec, options.wanted === 'training')), isWhole: false };
  }
  if (entries.some((entry) => !entry.isFile() && !entry.name.startsWith('.')))
    return loadPictureFolder(spec, options);
  throw unknown(spec, entries.length === 0 ? 'is an empty folder' : 'is a folder without a data set');
}

/**
 * What settings say about a data set; of the partition, whether everybody brings data of their own.
 */
export interface DatasetSettings {
  readonly dataset: string;
  readonly partition: { readonly name: string };
  readonly imageSize?: PictureSizeSetting | undefined;
  readonly imageFit?: PictureFit | undefined;
  readonly skipDamaged?: boolean | undefined;
}

/**
 * The data set that settings name, with pictures as they say. Where participants bring their own
 * data, it is a coordinator's, which is for the test alone.
 * @param from where the data set lies now, if it was moved
 */
export async function loadDatasetOf(
  settings: DatasetSettings,
  options: Omit<LoadDatasetOptions, 'wanted'> = {},
  from = settings.dataset,
): Promise<LoadedPictures> {
  const { partition, imageSize, imageFit, skipDamaged } = settings;
  const size = imageSize === undefined ? undefined : pictureExtentOf(imageSize);
  const wanted = partition.name === 'own' ? 'test' : 'both';
  const split = await loadDataset(from, { ...size, fit: imageFit, skipDamaged, wanted, ...options });
  const { height, width } = split.test;
  if (size === undefined || (size.height === height && size.width === width)) return split;
  throw new DataError(
    `data: "imageSize" is ${imageSize}, but "${from}" holds IDX files of ${height}x${width}, which are taken as they are`,
    { hint: 'leave "imageSize" out' },
  );
}

/** What is loading; where it fails, the error says how to name its new place. */
export function orSayMoved<Loaded>(loading: Promise<Loaded>, moved: string | undefined): Promise<Loaded> {
  if (moved !== undefined) return loading;
  return loading.catch((cause: unknown) => {
    const isMissing = cause instanceof MissingDataError;
    if (!(cause instanceof DataError) || (cause.hint !== undefined && !isMissing)) throw cause;
    throw new DataError(cause.message, { cause, hint: 'if it was moved, say where it lies now: --data DIR' });
  });
}

function unknown(spec: string, what: string): DataError {
  const nearest = nearestName(spec, datasetNames);
  return new DataError(
    `data: "${spec}" ${what}, expected "fashion-mnist", or a folder with train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte (gzip or plain), or a folder of pictures with one folder for each class`,
    nearest === undefined ? {} : { hint: `did you mean "${nearest}"?` },
  );
}
