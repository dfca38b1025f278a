/**
 * Reads a folder of pictures for each site of a simulation: all are brought to one size, and a
 * class has the same number at every site. Node only.
 */

import { readdir } from 'node:fs/promises';
import { compareNames } from '../../../base/names.js';
import { closeDatasets, withoutExamples } from '../../dataset.js';
import { isIdxFileName } from '../idx-names.js';
import { type PictureSet, renumbered } from '../image-dataset.js';
import { type PictureFit, type PictureSizeSetting, pictureExtentOf } from '../picture-size.js';
import { findPictures } from '../picture-tree.js';
import { listFolder } from './list-folder.js';
import { type LoadDatasetOptions, loadDataset } from './load-dataset.js';
import type { LoadedPictures } from './picture-folder.js';
import { surveyPictures } from './survey-pictures.js';
import { sizeOfPictures } from './surveyed-pictures.js';

export interface SitePictureSettings {
  readonly imageSize?: PictureSizeSetting | undefined;
  readonly imageFit?: PictureFit | undefined;
  readonly skipDamaged?: boolean | undefined;
}

/**
 * The training and test pictures of each site: as its folder divides them, or a fifth of each class
 * for the test.
 * @throws DataError when a folder cannot be read
 */
export async function loadPictureSites(
  sites: readonly string[],
  { imageSize, imageFit: fit, skipDamaged = false }: SitePictureSettings,
  options: Omit<LoadDatasetOptions, 'wanted'>,
): Promise<LoadedPictures[]> {
  const extent = imageSize === undefined ? {} : pictureExtentOf(imageSize);
  const size = (await commonSize(sites, { ...options, ...extent })) ?? extent;
  const loaded: LoadedPictures[] = [];
  try {
    for (const site of sites)
      loaded.push(
        await loadDataset(site, {
          ...options,
          ...size,
          fit,
          wanted: 'both',
          skipDamaged: skipDamaged || options.skipDamaged,
        }),
      );
  } catch (error) {
    for (const { train, test } of loaded) closeDatasets(train, test);
    throw error;
  }
  const classNames = [...new Set(loaded.flatMap(({ train }) => train.classNames))].sort(compareNames);
  const numbered = (set: PictureSet) =>
    renumbered(
      set,
      set.classNames.map((name) => classNames.indexOf(name)),
      classNames,
    );
  return loaded.map(({ train, test, isWhole }) => ({
    ...{ train: numbered(train), isWhole },
    test: numbered(test.examples === 0 ? withoutExamples(train) : test),
  }));
}

/** That of the pictures of all sites together; sets in IDX format have their own. */
async function commonSize(sites: readonly string[], options: Omit<LoadDatasetOptions, 'wanted'>) {
  const { signal, onProgress } = options;
  const pictures = [];
  for (const site of sites) {
    const names = await readdir(site).catch(() => []);
    if (names.length === 0 || names.some(isIdxFileName)) continue;
    const tree = await findPictures(site, listFolder);
    const { train, test = [] } = await surveyPictures(site, tree, { signal, onProgress });
    pictures.push(...train, ...test);
  }
  return pictures.length === 0 ? undefined : sizeOfPictures(pictures, options);
}
