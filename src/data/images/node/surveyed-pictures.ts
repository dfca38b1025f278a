/**
 * Loads surveyed pictures as bytes of one size, with what is learned of each: chooses the size,
 * decodes them, and says what it did. Node only.
 */
import { basename, resolve } from 'node:path';
import { listed } from '../../../base/excerpt.js';
import { sizeOf } from '../../../tensor/shape.js';
import {
  type Column,
  type ColumnFacts,
  closeDatasets,
  type Dataset,
  type HeldColumn,
  type TrainTestSplit,
} from '../../dataset.js';
import { DataError } from '../../error.js';
import { heldWriter } from '../../held-writer.js';
import type { Paging } from '../../paged-values.js';
import type { OnDataProgress } from '../../progress.js';
import { imageBytes, imageColumn } from '../image-dataset.js';
import { badFiles, checkBytes, listProblems, type PictureSize } from '../picture-checks.js';
import {
  defaultPictureExtent,
  describeSize,
  LARGEST_SIDE,
  medianPictureExtent,
  type PictureExtent,
  type PictureFit,
} from '../picture-size.js';
import type { WantedPictures } from '../picture-tree.js';
import { type PictureDecoder, pictureDecoder } from './picture-decoder.js';
import {
  classNotices,
  MOST_LISTED,
  type SplitPictures,
  type SplitSettings,
  splitPictures,
} from './split-pictures.js';
import type { PictureSurvey, SurveyedPicture } from './survey-pictures.js';
import { togetherInOrder } from './together-in-order.js';

export interface PictureFolderOptions extends SplitSettings {
  /**
   * The size in pixels; by default the median of the pictures, scaled down to 96 at most. If only
   * one is given, it is used for both.
   */
  readonly height?: number | undefined;
  readonly width?: number | undefined;
  /** 1 is grey, 3 is red, green, blue; by default 3 if a picture has colours. */
  readonly channels?: 1 | 3 | undefined;
  /** How a picture of another shape comes to that size; it is stretched by default. */
  readonly fit?: PictureFit | undefined;
  /**
   * Which pictures are wanted; both by default. A folder that is not divided is all for training or
   * all for the test, if one of them is wanted.
   */
  readonly wanted?: WantedPictures | undefined;
  /** Leaves out files that cannot be used, instead of refusing the folder. */
  readonly skipDamaged?: boolean | undefined;
  /** The most bytes that all decoded pictures may take in memory. */
  readonly mostBytes?: number | undefined;
  /** When decoded pictures go into a file instead; never by default. */
  readonly paging?: Paging | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnDataProgress | undefined;
  /** What is worth knowing about the pictures, a line each. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/** What is learned of each picture. */
export interface PictureTarget {
  /** Whether it is the class that the survey has. */
  readonly isClass: boolean;
  /** The column for pictures of this size; its values are kept as bytes. */
  column(size: PictureSize): ColumnFacts;
  /** @throws DataError when the picture cannot be learned from */
  read(picture: SurveyedPicture, size: PictureSize): Promise<Uint8Array>;
}

/** Nothing sets the test apart: it is all of a folder that is not divided. */
export interface MaybeWhole {
  readonly isWhole: boolean;
}

export interface LoadedSets extends TrainTestSplit, MaybeWhole {}

const SKIP_HINT = 'leave them out with --skip-damaged (skipDamaged: true)';
const FIT_WORDS = { stretch: 'stretched', crop: 'cropped', pad: 'padded' } as const;

/**
 * Examples are in the order of the survey.
 * @throws DataError naming all files that cannot be used; the signal's reason when it is aborted
 */
export async function loadSurveyed(
  survey: PictureSurvey,
  target: PictureTarget,
  options: PictureFolderOptions,
): Promise<LoadedSets> {
  const { folder } = survey;
  const { wanted = 'both', skipDamaged = false, onNotice } = options;
  const all = [...survey.train, ...(survey.test ?? [])];
  if (all.length === 0) throw badFiles(folder, survey.problems, SKIP_HINT);
  const size = sizeOfPictures(all, options);
  const split = splitPictures(survey, wanted, options);
  const count = split.train.length + split.test.length;
  const paging = pagingOf(count * imageBytes(size), options);
  if (paging === undefined) checkBytes(folder, count, size, options.mostBytes ?? Number.POSITIVE_INFINITY);
  const problems = [...survey.problems];
  const unusable = new Set<SurveyedPicture>();
  const decoder = pictureDecoder(
    [...split.train, ...split.test].reduce((sum, one) => sum + pixelsOf(one), 0),
  );
  const facts = { name: basename(resolve(folder)), folder, size, paging, target, decoder };
  const decode = (examples: readonly SurveyedPicture[]) =>
    decodeAll(facts, examples, problems, unusable, options);
  const decoded: Dataset[] = [];
  try {
    for (const part of [split.train, split.test]) decoded.push(await decode(part));
  } catch (error) {
    closeDatasets(...decoded);
    throw error;
  } finally {
    decoder.close();
  }
  const [train, test] = decoded as [Dataset, Dataset];
  const nothing = (wanted === 'test' ? test : train).examples === 0;
  if (problems.length > 0 && (nothing || !skipDamaged)) {
    closeDatasets(train, test);
    throw badFiles(folder, problems, SKIP_HINT);
  }
  const used = usedOf(split, unusable);
  for (const notice of noticesOf(survey, used, size, problems, options)) onNotice?.(notice);
  if (target.isClass) for (const notice of classNotices(survey, used)) onNotice?.(notice);
  return { train, test, isWhole: wanted === 'test' && survey.test === undefined };
}

const usedOf = (
  { train, test }: SplitPictures<SurveyedPicture>,
  unusable: ReadonlySet<SurveyedPicture>,
): SplitPictures<SurveyedPicture> => ({
  train: train.filter((picture) => !unusable.has(picture)),
  test: test.filter((picture) => !unusable.has(picture)),
});

interface SetFacts {
  readonly name: string;
  readonly folder: string;
  readonly size: PictureSize;
  readonly paging: Paging | undefined;
  readonly target: PictureTarget;
  readonly decoder: PictureDecoder;
}

const pixelsOf = ({ own }: SurveyedPicture) => own.height * own.width;

const pagingOf = (bytes: number, { paging }: PictureFolderOptions) =>
  paging !== undefined && bytes > paging.aboveBytes ? paging : undefined;

async function decodeAll(
  { name, folder, size, paging, target, decoder }: SetFacts,
  pictures: readonly SurveyedPicture[],
  problems: DataError[],
  unusable: Set<SurveyedPicture>,
  { fit, signal, onProgress }: PictureFolderOptions,
): Promise<Dataset> {
  const columns = {
    image: imageColumn([size.channels, size.height, size.width]),
    target: target.column(size),
  };
  const targets = heldWriter('u8', pictures.length * sizeOf(columns.target.shape));
  const setOf = (examples: number, images: Column['values']): Dataset => ({
    ...{ name, examples },
    inputs: [{ ...columns.image, values: images }],
    targets: [{ ...columns.target, values: targets.finish() } satisfies HeldColumn],
  });
  const writer =
    (pictures.length > 0 && paging?.writer('u8')) || heldWriter('u8', pictures.length * imageBytes(size));
  let examples = 0;
  const both = async (picture: SurveyedPicture) => ({
    learned: await target.read(picture, size),
    image: await decoder.decode(picture.path, size, fit),
  });
  const decoding = togetherInOrder(pictures, both, {
    ...{ what: `pictures of "${folder}"`, signal, onProgress },
    pixelsOf,
    onDone(_, { image, learned }) {
      writer.append(image);
      targets.append(learned);
      examples++;
    },
    onProblem(picture, problem) {
      problems.push(problem);
      unusable.add(picture);
    },
  });
  await decoding.catch((error: unknown) => {
    writer.discard();
    throw error;
  });
  if (examples > 0) return setOf(examples, writer.finish());
  writer.discard();
  return setOf(0, new Uint8Array(0));
}

export function checkSizeOptions({ height, width, channels }: PictureFolderOptions): void {
  for (const [name, value] of Object.entries({ height: height ?? width, width: width ?? height })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= LARGEST_SIDE)) {
      throw new DataError(`data: the ${name} is ${value}, expected a whole number from 1 to ${LARGEST_SIDE}`);
    }
  }
  if (channels !== undefined && channels !== 1 && channels !== 3) {
    throw new DataError(`data: channels is ${channels}, expected 1 (grey) or 3 (colour)`);
  }
}

/** Unless it is given: the median size, in colour if one of the pictures is. */
export function sizeOfPictures(
  pictures: readonly SurveyedPicture[],
  { channels, ...given }: PictureFolderOptions,
): PictureSize {
  const { height = given.width, width = given.height } = given;
  const own = defaultPictureExtent(pictures.map((picture) => picture.own));
  const isColour = pictures.some((picture) => picture.own.channels === 3);
  return {
    height: height ?? own.height,
    width: width ?? own.width,
    channels: channels ?? (isColour ? 3 : 1),
  };
}

/** What was done, a line each, where there was something to do. */
function noticesOf(
  { folder, unused }: PictureSurvey,
  split: SplitPictures<SurveyedPicture>,
  size: PictureSize,
  problems: readonly DataError[],
  { fit = 'stretch' }: PictureFolderOptions,
): string[] {
  const used = [...split.train, ...split.test];
  const extents: PictureExtent[] = used.map(({ own }) => own);
  const changed = extents.filter(({ height, width }) => height !== size.height || width !== size.width);
  const median = medianPictureExtent(extents);
  return [
    ...(changed.length > 0
      ? [
          `data: ${changed.length} of ${used.length} pictures in "${folder}" were ${FIT_WORDS[fit]} to ${describeSize(size, size.channels)}; their median is ${median.height}x${median.width}`,
        ]
      : []),
    ...(problems.length > 0
      ? [`data: left out of "${folder}", ${problems.length} in all: ${listProblems(problems)}`]
      : []),
    ...(unused.length > 0 ? [`data: not used of "${folder}": ${listed(unused, MOST_LISTED)}`] : []),
  ];
}
