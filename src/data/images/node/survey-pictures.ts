/**
 * Looks at the pictures of a folder before they are decoded: which there are, of which class, how
 * large, and what is wrong with which file. Node only.
 */
import type { DataError } from '../../error.js';
import type { OnDataProgress } from '../../progress.js';
import type { PictureSize } from '../picture-checks.js';
import { type PictureExample, type PictureTree, pictureExamples } from '../picture-tree.js';
import { loadSharp } from './load-sharp.js';
import { pictureSize } from './open-picture.js';
import { togetherInOrder } from './together-in-order.js';

export interface SurveyedPicture extends PictureExample {
  readonly own: PictureSize;
}

export interface PictureSurvey {
  readonly folder: string;
  /** In the order of their numbers. */
  readonly classNames: readonly string[];
  readonly train: readonly SurveyedPicture[];
  /** Missing if the folder is not divided, or if test pictures are not wanted. */
  readonly test?: readonly SurveyedPicture[];
  readonly unused: readonly string[];
  /** Files that cannot be used. */
  readonly problems: readonly DataError[];
}

export interface SurveyOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnDataProgress | undefined;
}

/** @throws the signal's reason when it is aborted */
export async function surveyPictures(
  folder: string,
  { train, test, unused, strays }: PictureTree,
  { signal, onProgress }: SurveyOptions,
): Promise<PictureSurvey> {
  // The classes are those for training; where there are none, those of the test.
  const classNames = [...(train.size > 0 ? train : (test ?? train)).keys()];
  // A missing library is said once, and not of each picture.
  await loadSharp();
  const problems = [...strays];
  const forTraining = pictureExamples(train, classNames);
  const forTest = pictureExamples(test ?? new Map(), classNames);
  const sound = new Map<PictureExample, SurveyedPicture>();
  await togetherInOrder([...forTraining, ...forTest], ({ path }) => pictureSize(path), {
    ...{ signal, what: `pictures of "${folder}"`, onProgress },
    onDone: (example, own) => void sound.set(example, { ...example, own }),
    onProblem: (_, problem) => void problems.push(problem),
  });
  const kept = (examples: readonly PictureExample[]) =>
    examples.flatMap((example) => sound.get(example) ?? []);
  return {
    ...{ folder, classNames, unused, problems, train: kept(forTraining) },
    ...(test !== undefined && { test: kept(forTest) }),
  };
}
