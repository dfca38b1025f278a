/**
 * Loads folders of pictures whose targets are labels of a table, or masks; one folder, or one for
 * each site of a simulation. Node only.
 */
import { readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { canonicalName, compareNames } from '../../../../base/names.js';
import { reasonOf } from '../../../../base/node/reason.js';
import { closeDatasets, withoutExamples } from '../../../dataset.js';
import { DataError } from '../../../error.js';
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
import type { PictureExtent } from '../../picture-size.js';
import type { PicturesByClass, PictureTree } from '../../picture-tree.js';
import { labelsColumn, maskColumn } from '../annotation-columns.js';
import {
  type AnnotationSettings,
  type LabelSpec,
  labelNames,
  labelSpec,
  type MaskSpec,
  maskSpec,
} from '../label-settings.js';
import { readLabelTable } from '../label-table.js';
import { type LabelsOfPictures, labelPictures } from '../labelled-rows.js';
import { isMaskPath, maskFinder } from '../mask-files.js';
import { maskClasses, resizedMask } from '../mask-values.js';
import { findPictureFiles, type PictureFiles } from '../picture-files.js';
import { SEVERAL } from '../picture-names.js';
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
  { labels, masks }: AnnotationSettings,
  options: PictureFolderOptions,
): Promise<Annotated> {
  const wanted = options.wanted ?? 'both';
  if (masks !== undefined) {
    const spec = maskSpec(masks);
    const files = await findPictureFiles(folder, listFolder, wanted, (path) => isMaskPath(path, spec.folder));
    return masked(folder, spec, files, options);
  }
  if (labels === undefined) throw new Error('internal: neither labels nor masks');
  const spec = labelSpec(labels);
  const table = await tableOf(folder, spec);
  const files = await findPictureFiles(
    folder,
    listFolder,
    wanted,
    (path) => canonicalName(path) === spec.file,
  );
  return labelled(
    folder,
    spec,
    labelPictures(table, spec, files.all, [...files.train, ...(files.test ?? [])]),
    files,
    options,
  );
}

async function tableOf(folder: string, spec: LabelSpec) {
  const path = join(folder, spec.file);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new DataError(`data: the labels of "${folder}" cannot be read: "${path}": ${reasonOf(cause)}`, {
      cause,
      hint: 'put the table into the folder of the pictures, under the name that "data.labels" has',
    });
  });
  const { target, picture } = spec;
  const own = target.kind === 'columns' ? target.columns : [target.column ?? []].flat();
  return readLabelTable(path, bytes, [...own, ...[picture ?? []].flat()]);
}

async function labelled(
  folder: string,
  spec: LabelSpec,
  { labels, problems }: LabelsOfPictures,
  files: PictureFiles,
  options: PictureFolderOptions,
): Promise<Annotated> {
  const names = labelNames(spec);
  const byClass = (paths: readonly string[]): PicturesByClass => {
    const own = paths.filter((path) => labels.has(path));
    return grouped(folder, own, names === undefined ? (path) => labels.get(path) as string : () => ALL);
  };
  const tree = treeOf(files, byClass, problems);
  const survey = await surveyPictures(folder, tree, options);
  if (names === undefined) return { survey, target: undefined };
  const values = (path: string) => labels.get(withinFolder(folder, path)) as Uint8Array;
  return {
    survey,
    target: {
      isClass: false,
      column: () => labelsColumn(names.length),
      read: async ({ path }) => values(path),
    },
  };
}

async function masked(
  folder: string,
  spec: MaskSpec,
  files: PictureFiles,
  options: PictureFolderOptions,
): Promise<Annotated> {
  const find = maskFinder(files.targets, spec.folder);
  const found = new Map(files.all.map((path) => [path, find(path)]));
  const isFound = (path: string) => ![undefined, SEVERAL].includes(found.get(path));
  const problems = [...files.train, ...(files.test ?? [])]
    .filter((path) => !isFound(path))
    .map((path) => {
      const what = found.get(path) === undefined ? 'no mask' : 'several masks';
      return new DataError(
        `data: "${join(folder, path)}" has ${what} in "${spec.folder}", expected one of the same name`,
        { hint: 'add its mask, or move it out of the folder' },
      );
    });
  const used = new Set(found.values());
  const unused = [...files.unused, ...files.targets.filter((path) => !used.has(path))];
  const byClass = (paths: readonly string[]) => grouped(folder, paths.filter(isFound), () => ALL);
  const survey = await surveyPictures(folder, treeOf({ ...files, unused }, byClass, problems), options);
  const { fit = 'stretch' } = options;
  return {
    survey,
    target: {
      isClass: false,
      column: (size) => maskColumn(size, spec.names),
      async read({ path, own }, size) {
        const mask = join(folder, found.get(withinFolder(folder, path)) as string);
        const values = await readMask(mask);
        if (values.height !== own.height || values.width !== own.width) {
          throw otherSize(mask, values, path, own);
        }
        return resizedMask(maskClasses(mask, values, spec), own, size, fit);
      },
    },
  };
}

const otherSize = (mask: string, values: PictureExtent, picture: string, own: PictureExtent) =>
  new DataError(
    `data: "${mask}" is ${values.height}x${values.width} (height x width), but its picture "${picture}" is ${own.height}x${own.width}, expected the same`,
    { hint: 'make the mask anew from the picture as it is, upright' },
  );

/** The one group of pictures that have no class. */
const ALL = 'all';

/** Whole paths by class, in the order of names; pictures keep theirs. */
function grouped(
  folder: string,
  paths: readonly string[],
  classOf: (path: string) => string,
): PicturesByClass {
  const classes = new Map<string, string[]>();
  for (const path of paths) {
    const name = classOf(path);
    const own = classes.get(name) ?? [];
    classes.set(name, own);
    own.push(join(folder, path));
  }
  if (classes.size > MOST_CLASSES) {
    throw new DataError(
      `data: the pictures of "${folder}" have ${classes.size} classes, expected at most ${MOST_CLASSES}`,
      { hint: 'look whether "data.labels" names the right column' },
    );
  }
  return new Map([...classes].sort(([a], [b]) => compareNames(a, b)));
}

const MOST_CLASSES = 256;

function treeOf(
  { train, test, unused }: PictureFiles,
  byClass: (paths: readonly string[]) => PicturesByClass,
  strays: readonly DataError[],
): PictureTree {
  return { train: byClass(train), ...(test && { test: byClass(test) }), unused, strays };
}

const withinFolder = (folder: string, path: string) => relative(folder, path).replaceAll(sep, '/');
