/**
 * Reads a folder of pictures, with one folder for each class, as bytes of one size: looks at all,
 * chooses the size, decodes them, and says what it did. Node only.
 */
import type { TrainTestSplit } from '../../dataset.js';
import { type ImageSplit, labelColumn, labelledPictures, type PictureSet } from '../image-dataset.js';
import { findPictures } from '../picture-tree.js';
import { listFolder } from './list-folder.js';
import { type PictureSurvey, surveyPictures } from './survey-pictures.js';
import {
  checkSizeOptions,
  loadSurveyed,
  type MaybeWhole,
  type PictureFolderOptions,
  type PictureTarget,
} from './surveyed-pictures.js';

type InMemory = PictureFolderOptions & { readonly paging?: undefined };

export interface LoadedPictures extends TrainTestSplit<PictureSet>, MaybeWhole {}

/** In memory. */
export interface LoadedImages extends ImageSplit, MaybeWhole {}

/**
 * Classes are numbered in the order of their folders' names. Examples are in the order of classes
 * and file names.
 * @throws DataError when the folders are arranged wrongly, or naming all files that cannot be
 * decoded or are above 40 megapixels; the signal's reason when it is aborted
 */
export function loadPictureFolder(folder: string, options?: InMemory): Promise<LoadedImages>;
export function loadPictureFolder(folder: string, options: PictureFolderOptions): Promise<LoadedPictures>;
export async function loadPictureFolder(
  folder: string,
  options: PictureFolderOptions = {},
): Promise<LoadedPictures> {
  checkSizeOptions(options);
  const tree = await findPictures(folder, listFolder, options.wanted);
  return loadByClass(await surveyPictures(folder, tree, options), options);
}

/** The pictures of a survey, with their classes. */
export async function loadByClass(
  survey: PictureSurvey,
  options: PictureFolderOptions,
): Promise<LoadedPictures> {
  const target: PictureTarget = {
    isClass: true,
    column: () => labelColumn(survey.classNames),
    read: async ({ label }) => Uint8Array.of(label),
  };
  const { train, test, isWhole } = await loadSurveyed(survey, target, options);
  return { train: labelledPictures(train), test: labelledPictures(test), isWhole };
}
