/**
 * Which pictures of a folder are for training and which for the test: as its folders say, or by a
 * seeded part of each class that is held out. Node only.
 */
import { listed } from '../../../base/excerpt.js';
import { partNearest } from '../../../base/part-of.js';
import { randomStream } from '../../../base/random.js';
import { DataError } from '../../error.js';
import type { PictureExample, WantedPictures } from '../picture-tree.js';
import type { PictureSurvey } from './survey-pictures.js';

export interface SplitSettings {
  /** The part of each class that is held out; 0.2 by default. */
  readonly testFraction?: number | undefined;
  /** The seed of the hold-out; 0 by default. */
  readonly seed?: number | undefined;
}

export interface SplitPictures<Example extends PictureExample = PictureExample> {
  readonly train: readonly Example[];
  readonly test: readonly Example[];
}

/**
 * @throws DataError when nothing can be held out, or the test has a class that is not trained on
 */
export function splitPictures(
  { folder, classNames, train, test }: PictureSurvey,
  wanted: WantedPictures,
  settings: SplitSettings = {},
) {
  if (wanted === 'training') return { train, test: [] };
  if (wanted === 'test') return { train: [], test: test ?? train };
  if (test === undefined) return holdOutTest(folder, classNames, train, settings);
  const foreign = test.find(({ label }) => label < 0);
  if (foreign === undefined) return { train, test };
  throw new DataError(
    `data: "${foreign.path}" is of a class that "${folder}" has for the test only, expected one of those for training: ${classNames.join(', ')}`,
    { hint: 'add pictures of this class for training, or move it out of the test' },
  );
}

/** Keeps at least one picture of each class for training. */
function holdOutTest<Example extends PictureExample>(
  folder: string,
  classNames: readonly string[],
  examples: readonly Example[],
  { testFraction = 0.2, seed = 0 }: SplitSettings,
): SplitPictures<Example> {
  if (!(testFraction > 0 && testFraction < 1)) {
    throw new DataError(`data: the test fraction is ${testFraction}, expected a number above 0 and below 1`);
  }
  const held = classNames.flatMap((_, label) => {
    const own = examples.filter((example) => example.label === label);
    const count = Math.min(Math.max(1, partNearest(testFraction, own.length)), own.length - 1);
    if (count < 1) return [];
    const places = randomStream(seed, 'test hold-out', label).permutation(own.length).subarray(0, count);
    return [...places].map((place) => own[place] as Example);
  });
  if (held.length === 0) {
    throw new DataError(
      `data: "${folder}" has one picture in each class, expected at least two: one is held out for the test`,
    );
  }
  const isHeld = new Set(held);
  return {
    train: examples.filter((example) => !isHeld.has(example)),
    test: examples.filter((example) => isHeld.has(example)),
  };
}

/** More classes or files than these are counted in a notice. */
export const MOST_LISTED = 8;

/** What is worth knowing about the classes, a line each. */
export function classNotices(
  { folder, classNames }: Pick<PictureSurvey, 'folder' | 'classNames'>,
  { train, test }: SplitPictures,
): string[] {
  const counts = classNames.map((name, label) => {
    const of = (examples: readonly PictureExample[]) =>
      examples.filter((example) => example.label === label).length;
    return { name, train: of(train), test: of(test) };
  });
  const named = (classes: readonly { name: string }[]) => {
    const quoted = classes.map(({ name }) => `"${name}"`);
    return listed(quoted, MOST_LISTED);
  };
  const single = counts.filter(({ train, test }) => train + test === 1);
  const untested = counts.filter(({ train, test }) => train > 1 && test === 0);
  return [
    ...(classNames.length === 1
      ? [`data: "${folder}" has one class only, ${named(counts)}: there is nothing to tell it from`]
      : []),
    ...(single.length > 0 ? [`data: one picture only in "${folder}" of ${named(single)}`] : []),
    ...(untested.length > 0 && test.length > 0
      ? [`data: no test picture in "${folder}" of ${named(untested)}`]
      : []),
  ];
}
