/**
 * Reads a participant's pictures in a page from the files that the user chose: two IDX files, or
 * pictures with one folder for each class. It accepts and refuses the same data as `commonweight
 * join` with a folder. For pages and their workers.
 */

import { DataError } from '../../../data/error.js';
import { isIdxFileName } from '../../../data/images/idx-names.js';
import { type ImageDataset, imageDataset } from '../../../data/images/image-dataset.js';
import { chosenRoot, foldersOf } from '../../../data/images/page/page-folders.js';
import { readPageIdx } from '../../../data/images/page/page-idx.js';
import { decodePictures } from '../../../data/images/page/page-pictures.js';
import {
  badFiles,
  checkBytes,
  isPictureName,
  type PictureSize,
} from '../../../data/images/picture-checks.js';
import { type PictureFacts, pictureFacts } from '../../../data/images/picture-facts.js';
import type { PictureFit } from '../../../data/images/picture-size.js';
import {
  type FolderEntry,
  findPictures,
  type ListFolder,
  layoutHint,
  pictureExamples,
  visibleEntries,
} from '../../../data/images/picture-tree.js';
import { type PageFile, unnamedFiles } from '../../../data/page/page-files.js';
import { FederationError } from '../../error.js';
import { categoryNumbers } from '../fit-data.js';
import type { DescribedData } from '../own-data.js';

export interface PagePicturesOptions {
  /** The most memory that all decoded images may take. */
  readonly mostBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** Told how many pictures have been decoded. */
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
}

/**
 * @throws DataError, FederationError naming the file or folder that does not fit, if possible
 *   before pictures are decoded; the signal's reason when it is aborted
 */
export async function readPagePictures(
  files: readonly PageFile[],
  described: DescribedData,
  options: PagePicturesOptions,
): Promise<ImageDataset> {
  const facts = pictureFacts(described, 'this page');
  const least = leastPictures(described);
  const list = foldersOf(files);
  const root = await chosenRoot(list, facts.classNames);
  const folder = root === '' ? unnamedFiles : root;
  const byPath = new Map(files.map((file) => [file.path, file]));
  const entries = await visibleEntries(root, list);
  const inRoot = entries.filter(({ isFolder }) => !isFolder);
  let dataset: ImageDataset;
  if (inRoot.some(({ name }) => isIdxFileName(name))) {
    const byName = new Map(inRoot.map(({ name, path }) => [name, byPath.get(path) as PageFile]));
    dataset = await readPageIdx(folder, byName, options.mostBytes, options.signal);
  } else {
    if (inRoot.length === entries.length) throw noDataSet(folder, inRoot);
    dataset = await readPictures(
      root,
      folder,
      list,
      byPath,
      { ...facts, least, fit: described.configuration.imageFit },
      options,
    );
  }
  checkEnough(dataset.examples, folder, least);
  return dataset;
}

export const leastPictures = ({ configuration }: DescribedData): number =>
  configuration.partition.validation > 0 ? 2 : 1;

async function readPictures(
  root: string,
  folder: string,
  list: ListFolder,
  byPath: ReadonlyMap<string, PageFile>,
  facts: PictureFacts & { readonly least: number; readonly fit: PictureFit },
  options: PagePicturesOptions,
): Promise<ImageDataset> {
  const { train, strays } = await findPictures(root, list, 'training');
  if (strays.length > 0) throw badFiles(folder, strays, 'choose others');
  const classNames = [...train.keys()];
  const counts = [...train.values()].map((paths) => paths.length);
  categoryNumbers(classNames, { counts, column: 'labels', spec: folder }, facts.classNames);
  const examples = pictureExamples(train);
  checkEnough(examples.length, folder, facts.least);
  const size = decodedSize(facts.imageShape);
  checkBytes(folder, examples.length, size, options.mostBytes);
  const pictures = examples.map(({ path }) => byPath.get(path) as PageFile);
  return imageDataset({
    name: folder,
    images: await decodePictures(pictures, size, { ...options, fit: facts.fit }),
    labels: Uint8Array.from(examples, ({ label }) => label),
    classNames,
    ...size,
  });
}

/** @throws FederationError when pictures have no such channels */
export function decodedSize([channels, height, width]: PictureFacts['imageShape']): PictureSize {
  if (channels === 1 || channels === 3) return { channels, height, width };
  throw new FederationError(
    `data: this federation has images of ${channels} channels, expected 1 or 3 for pictures`,
    { hint: 'take files in IDX format, or take part by `commonweight join`' },
  );
}

/**
 * A participant needs at least one example for training and one for validation.
 * @throws DataError when there are fewer than needed
 */
export function checkEnough(examples: number, folder: string, needed: number): void {
  if (examples >= needed) return;
  throw new DataError(
    `data: "${folder}" holds ${examples} images, expected at least ${needed}${needed === 2 ? ': one is set aside for validation' : ''}`,
    { hint: 'choose more' },
  );
}

function noDataSet(folder: string, [first, ...more]: readonly FolderEntry[]): DataError {
  if (first === undefined) {
    return new DataError('data: there is no file to read among those that were chosen', { hint: layoutHint });
  }
  const isPicture = isPictureName(first.name);
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  return new DataError(
    isPicture
      ? `data: the pictures of "${folder}" lie loose ("${first.name}"${others}), expected one folder a class`
      : `data: "${folder}" holds "${first.name}"${others}, expected a folder of pictures with one folder a class, or train-images-idx3-ubyte and train-labels-idx1-ubyte (gzip or plain)`,
    { hint: layoutHint },
  );
}
