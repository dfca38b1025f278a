/**
 * Reads a participant's pictures in a page where labels of a table in the folder, or masks, are
 * learned. It accepts and refuses the same folders as `commonweight join`. For pages and their
 * workers.
 */
import { listed } from '../../../base/excerpt.js';
import { type Dataset, sharedBytes } from '../../../data/dataset.js';
import { imageColumn, imageDataset } from '../../../data/images/image-dataset.js';
import {
  type AnnotatedPictures,
  annotatedPictures,
  type PictureAnnotation,
} from '../../../data/images/labels/annotated-pictures.js';
import { type AnnotationSettings, maskSpec } from '../../../data/images/labels/label-settings.js';
import { readPageMask } from '../../../data/images/labels/page/read-page-mask.js';
import { chosenRoot, foldersOf } from '../../../data/images/page/page-folders.js';
import { decodePictures } from '../../../data/images/page/page-pictures.js';
import { badFiles, checkBytes, type PictureSize } from '../../../data/images/picture-checks.js';
import { type PictureExample, pictureExamples } from '../../../data/images/picture-tree.js';
import { type PageFile, readPageFile, unnamedFiles } from '../../../data/page/page-files.js';
import { sizeOf } from '../../../tensor/shape.js';
import { categoryNumbers } from '../fit-data.js';
import type { DescribedData } from '../own-data.js';
import { checkEnough, decodedSize, leastPictures, type PagePicturesOptions } from './page-picture-data.js';

export interface PageAnnotatedOptions extends PagePicturesOptions {
  /** Told of what is not used of the folder. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/** More files that are not used are counted. */
const MOST_LISTED = 5;

/**
 * @throws DataError, FederationError naming the files that do not fit, if possible before pictures
 *   are decoded; the signal's reason when it is aborted
 */
export async function readPageAnnotated(
  files: readonly PageFile[],
  described: DescribedData,
  annotations: AnnotationSettings,
  options: PageAnnotatedOptions,
): Promise<Dataset> {
  const { folder, byPath, found } = await annotatedIn(files, described, annotations);
  const { train, strays, unused } = found.tree;
  if (strays.length > 0) throw badFiles(folder, strays, 'choose others');
  const examples = pictureExamples(train);
  checkEnough(examples.length, folder, leastPictures(described));
  const [channels = 1, height = 1, width = 1] = described.inputs[0]?.shape ?? [];
  const size = decodedSize([channels, height, width]);
  checkBytes(folder, examples.length, size, options.mostBytes);
  if (found.annotation === undefined) checkClasses(folder, found.tree.train, described);
  const from = { folder, examples, size, pictures: examples.map(({ path }) => byPath.get(path) as PageFile) };
  const dataset = await decoded(from, found, { ...options, fit: described.configuration.imageFit });
  if (unused.length > 0) {
    options.onNotice?.(`data: not used of "${folder}": ${listed(unused, MOST_LISTED)}`);
  }
  return dataset;
}

async function annotatedIn(
  files: readonly PageFile[],
  { configuration: { imageFit } }: DescribedData,
  annotations: AnnotationSettings,
) {
  const inFolder = foldersOf(files);
  const { masks } = annotations;
  const root = await chosenRoot(inFolder, masks === undefined ? [] : [maskSpec(masks).folder]);
  const folder = root === '' ? unnamedFiles : root;
  const byPath = new Map(files.map((file) => [file.path, file]));
  const fileAt = (path: string): PageFile => {
    const file = byPath.get(path);
    if (file === undefined) throw new Error('there is no such file');
    return file;
  };
  const found = await annotatedPictures(
    {
      folder,
      list: (path) => inFolder(path === folder ? root : path),
      pathOf: (within) => (root === '' ? within : `${root}/${within}`),
      readTable: async (path) => readPageFile(fileAt(path)),
      readMask: async (path) => readPageMask(fileAt(path)),
    },
    annotations,
    'training',
    imageFit,
  );
  return { folder, byPath, found };
}

/** @throws FederationError when there is a class that the federation does not know */
function checkClasses(
  folder: string,
  classes: AnnotatedPictures['tree']['train'],
  { targets: [target] }: DescribedData,
): void {
  const counts = [...classes.values()].map((paths) => paths.length);
  const names = target?.meaning.kind === 'categories' ? target.meaning.names : [];
  categoryNumbers([...classes.keys()], { counts, column: 'labels', spec: folder }, names);
}

interface ToDecode {
  readonly folder: string;
  readonly size: PictureSize;
  readonly examples: readonly PictureExample[];
  /** Of each example. */
  readonly pictures: readonly PageFile[];
}

async function decoded(
  { folder, size, examples, pictures }: ToDecode,
  { tree, annotation }: AnnotatedPictures,
  options: Parameters<typeof decodePictures>[2],
): Promise<Dataset> {
  if (annotation === undefined) {
    const labels = Uint8Array.from(examples, ({ label }) => label);
    const images = await decodePictures(pictures, size, options);
    return imageDataset({ name: folder, images, labels, classNames: [...tree.train.keys()], ...size });
  }
  const learned = targetsOf(annotation, size, examples.length);
  const images = await decodePictures(pictures, size, {
    ...options,
    onDecoded: async (place, own) => {
      learned.put(place, await annotation.read((examples[place] as PictureExample).path, own, size));
    },
  });
  const image = imageColumn([size.channels, size.height, size.width]);
  return {
    ...{ name: folder, examples: examples.length },
    inputs: [{ ...image, values: images }],
    targets: [{ ...learned.column, values: learned.values }],
  };
}

/** The values of what is learned, as bytes. */
function targetsOf(annotation: PictureAnnotation, size: PictureSize, examples: number) {
  const column = annotation.column(size);
  const each = sizeOf(column.shape);
  const values = sharedBytes(examples * each);
  return { column, values, put: (place: number, of: Uint8Array) => values.set(of, place * each) };
}
