/**
 * The pictures of a folder with what is learned of each: a label of the folder's table, or a mask.
 * The folder may be on a disk, or consist of files that were chosen in a page.
 */
import { canonicalName, compareNames } from '../../../base/names.js';
import type { ColumnFacts } from '../../dataset.js';
import { DataError } from '../../error.js';
import type { PictureExtent, PictureFit } from '../picture-size.js';
import type { ListFolder, PicturesByClass, PictureTree, WantedPictures } from '../picture-tree.js';
import { labelsColumn, maskColumn } from './annotation-columns.js';
import {
  type AnnotationSettings,
  type LabelSpec,
  labelNames,
  labelSpec,
  type MaskSpec,
  maskSpec,
} from './label-settings.js';
import { readLabelTable } from './label-table.js';
import { type LabelsOfPictures, labelPictures } from './labelled-rows.js';
import { isMaskPath, maskFinder } from './mask-files.js';
import { type MaskValues, maskClasses, resizedMask } from './mask-values.js';
import { findPictureFiles, type PictureFiles } from './picture-files.js';
import { SEVERAL } from './picture-names.js';

/** How a folder and its files are read. */
export interface AnnotatedFolder {
  /** Its path, which is its name in errors. */
  readonly folder: string;
  readonly list: ListFolder;
  /** The path of what lies there within the folder. */
  pathOf(within: string): string;
  /** @throws Error that says why it cannot be read */
  readTable(path: string): Promise<Uint8Array>;
  /** @throws DataError when it cannot be decoded */
  readMask(path: string): Promise<MaskValues>;
}

export interface AnnotatedPictures {
  /** With whole paths; all pictures are in one class where they have none. */
  readonly tree: PictureTree;
  /** What is learned of each picture; undefined where it is the class. */
  readonly annotation: PictureAnnotation | undefined;
}

export interface PictureAnnotation {
  /** The column for pictures of this size; its values are kept as bytes. */
  column(size: PictureExtent): ColumnFacts;
  /**
   * @param path of the picture
   * @param own the size of the picture when it is upright
   * @throws DataError when the picture cannot be learned from
   */
  read(path: string, own: PictureExtent, size: PictureExtent): Promise<Uint8Array>;
}

/** @throws DataError when the folder, its table or its masks cannot be used */
export async function annotatedPictures(
  from: AnnotatedFolder,
  { labels, masks }: AnnotationSettings,
  wanted: WantedPictures,
  fit: PictureFit,
): Promise<AnnotatedPictures> {
  const { folder, list } = from;
  if (masks !== undefined) {
    const spec = maskSpec(masks);
    const isMask = (path: string) => isMaskPath(path, spec.folder);
    return masked(from, spec, await findPictureFiles(folder, list, wanted, isMask), fit);
  }
  if (labels === undefined) throw new Error('internal: neither labels nor masks');
  const spec = labelSpec(labels);
  const table = await tableOf(from, spec);
  const isTable = (path: string) => canonicalName(path) === spec.file;
  const files = await findPictureFiles(folder, list, wanted, isTable);
  const used = [...files.train, ...(files.test ?? [])];
  return labelled(from, spec, labelPictures(table, spec, files.all, used), files);
}

async function tableOf(from: AnnotatedFolder, spec: LabelSpec) {
  const path = from.pathOf(spec.file);
  const bytes = await from.readTable(path).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(`data: the labels of "${from.folder}" cannot be read: "${path}": ${reason}`, {
      cause,
      hint: 'put the table into the folder of the pictures, under the name that "data.labels" has',
    });
  });
  const { target, picture } = spec;
  const own = target.kind === 'columns' ? target.columns : [target.column ?? []].flat();
  return readLabelTable(path, bytes, [...own, ...[picture ?? []].flat()]);
}

function labelled(
  { folder, pathOf }: AnnotatedFolder,
  spec: LabelSpec,
  { labels, problems }: LabelsOfPictures,
  files: PictureFiles,
): AnnotatedPictures {
  const names = labelNames(spec);
  const classOf = names === undefined ? (path: string) => labels.get(path) as string : () => ALL;
  const byClass = (paths: readonly string[]) =>
    grouped(
      folder,
      paths.filter((path) => labels.has(path)).map((path) => ({ path: pathOf(path), name: classOf(path) })),
    );
  const tree = treeOf(files, byClass, problems);
  if (names === undefined) return { tree, annotation: undefined };
  const values = new Map([...labels].map(([path, label]) => [pathOf(path), label as Uint8Array]));
  return {
    tree,
    annotation: {
      column: () => labelsColumn(names.length),
      read: async (path) => values.get(path) as Uint8Array,
    },
  };
}

function masked(
  { folder, pathOf, readMask }: AnnotatedFolder,
  spec: MaskSpec,
  files: PictureFiles,
  fit: PictureFit,
): AnnotatedPictures {
  const find = maskFinder(files.targets, spec.folder);
  const found = new Map(files.all.map((path) => [path, find(path)]));
  const isFound = (path: string) => ![undefined, SEVERAL].includes(found.get(path));
  const problems = [...files.train, ...(files.test ?? [])]
    .filter((path) => !isFound(path))
    .map((path) => {
      const what = found.get(path) === undefined ? 'no mask' : 'several masks';
      return new DataError(
        `data: "${pathOf(path)}" has ${what} in "${spec.folder}", expected one of the same name`,
        { hint: 'add its mask, or move it out of the folder' },
      );
    });
  const used = new Set(found.values());
  const unused = [...files.unused, ...files.targets.filter((path) => !used.has(path))];
  const byClass = (paths: readonly string[]) =>
    grouped(
      folder,
      paths.filter(isFound).map((path) => ({ path: pathOf(path), name: ALL })),
    );
  const maskOf = new Map([...found].map(([path, mask]) => [pathOf(path), pathOf(mask ?? '')]));
  return {
    tree: treeOf({ ...files, unused }, byClass, problems),
    annotation: {
      column: (size) => maskColumn(size, spec.names),
      async read(path, own, size) {
        const mask = maskOf.get(path) as string;
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

const MOST_CLASSES = 256;

/** Whole paths by class, in the order of names; pictures keep theirs. */
function grouped(
  folder: string,
  pictures: readonly { readonly path: string; readonly name: string }[],
): PicturesByClass {
  const classes = new Map<string, string[]>();
  for (const { path, name } of pictures) {
    const own = classes.get(name) ?? [];
    classes.set(name, own);
    own.push(path);
  }
  if (classes.size > MOST_CLASSES) {
    throw new DataError(
      `data: the pictures of "${folder}" have ${classes.size} classes, expected at most ${MOST_CLASSES}`,
      { hint: 'look whether "data.labels" names the right column' },
    );
  }
  return new Map([...classes].sort(([a], [b]) => compareNames(a, b)));
}

function treeOf(
  { train, test, unused }: PictureFiles,
  byClass: (paths: readonly string[]) => PicturesByClass,
  strays: readonly DataError[],
): PictureTree {
  return { train: byClass(train), ...(test && { test: byClass(test) }), unused, strays };
}
