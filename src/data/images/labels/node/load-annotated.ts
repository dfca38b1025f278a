/**
 * Loads folders of pictures whose targets are labels of a table, or masks; one folder, or one for
 * each site of a simulation. Node only.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareNames } from '../../../../base/names.js';
import { reasonOf } from '../../../../base/node/reason.js';
import { closeDatasets, withoutExamples } from '../../../dataset.js';
import { labelledPictures, renumbered } from '../../image-dataset.js';
import { listFolder } from '../../node/list-folder.js';
import { loadByClass } from '../../node/picture-folder.js';
import { type PictureSurvey, surveyPictures } from '../../node/survey-pictures.js';
import {
  checkSizeOptions,
  type LoadedSets,
  loadSurveyed,
  type PictureFolderOptions,
  type PictureTarget,
  sizeOfPictures,
} from '../../node/surveyed-pictures.js';
import { annotatedPictures } from '../annotated-pictures.js';
import type { AnnotationSettings } from '../label-settings.js';
import { readMask } from './read-mask.js';

/** A folder that was looked at, and how its targets are read. */
interface Annotated {
  readonly survey: PictureSurvey;
  /** Undefined where pictures have one class each, which the survey knows. */
  readonly target: PictureTarget | undefined;
}

/** @throws DataError when the folder, its table or its masks cannot be used */
export async function loadAnnotated(
  folder: string,
  settings: AnnotationSettings,
  options: PictureFolderOptions = {},
): Promise<LoadedSets> {
  checkSizeOptions(options);
  return load(await lookAt(folder, settings, options), options);
}

/** The same of several folders: all are brought to one size, and classes have the same numbers. */
export async function loadAnnotatedSites(
  sites: readonly string[],
  settings: AnnotationSettings,
  options: PictureFolderOptions = {},
): Promise<LoadedSets[]> {
  const annotated: Annotated[] = [];
  for (const site of sites) annotated.push(await lookAt(site, settings, options));
  const pictures = annotated.flatMap(({ survey: { train, test = [] } }) => [...train, ...test]);
  const size = sizeOfPictures(pictures, options);
  const loaded: LoadedSets[] = [];
  try {
    for (const one of annotated) loaded.push(await load(one, { ...options, ...size }));
  } catch (error) {
    for (const { train, test } of loaded) closeDatasets(train, test);
    throw error;
  }
  const names = [...new Set(annotated.flatMap(({ survey }) => survey.classNames))].sort(compareNames);
  return loaded.map(({ train, test, isWhole }, site) => {
    if (annotated[site]?.target !== undefined) return { train, test, isWhole };
    const [own, held] = [train, test.examples === 0 ? withoutExamples(train) : test].map((set) => {
      const labelled = labelledPictures(set);
      const numbers = labelled.classNames.map((name) => names.indexOf(name));
      return renumbered(labelled, numbers, names);
    });
    return { train: own ?? train, test: held ?? test, isWhole };
  });
}

const load = ({ survey, target }: Annotated, options: PictureFolderOptions): Promise<LoadedSets> =>
  target === undefined ? loadByClass(survey, options) : loadSurveyed(survey, target, options);

async function lookAt(
  folder: string,
  settings: AnnotationSettings,
  options: PictureFolderOptions,
): Promise<Annotated> {
  const { wanted = 'both', fit = 'stretch' } = options;
  const { tree, annotation } = await annotatedPictures(
    {
      ...{ folder, list: listFolder, readMask },
      pathOf: (within) => join(folder, within),
      readTable: (path) =>
        readFile(path).catch((cause: unknown) => {
          throw new Error(reasonOf(cause), { cause });
        }),
    },
    settings,
    wanted,
    fit,
  );
  const survey = await surveyPictures(folder, tree, options);
  if (annotation === undefined) return { survey, target: undefined };
  return {
    survey,
    target: {
      isClass: false,
      column: annotation.column,
      read: ({ path, own }, size) => annotation.read(path, own, size),
    },
  };
}
