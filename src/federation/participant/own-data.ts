/**
 * What a participant brings to a federation across machines: a data set of the images and classes that the federation is
 * about, all of it its own; or, as a demonstration, the part that `run` would deal out to one participant.
 */

import { canonicalName } from '../../base/names.js';
import { nearestName } from '../../base/nearest-name.js';
import { classCounts } from '../../data/class-counts.js';
import { checkDataset } from '../../data/dataset.js';
import { type ImageDataset, renumbered } from '../../data/images/image-dataset.js';
import { type Partitioner, partition, type Share } from '../../data/partition/partition.js';
import type { Description } from '../../protocol/description.js';
import { FederationError } from '../error.js';
import type { ShareChoice } from '../plan/share-choice.js';

export interface OwnData {
  /** Its classes are numbered as those of the federation. */
  readonly dataset: ImageDataset;
  /** Under the participant's name. */
  readonly share: Share;
}

/** What the federation's description says about the data. */
export type DataFacts = Pick<Description, 'configuration' | 'imageShape' | 'classNames'>;

/**
 * @param choice the part of the set that is the participant's; all of it by default
 * @param spec what errors call the set
 * @throws FederationError when its images or classes are not those of the federation
 */
export function ownData(
  train: ImageDataset,
  name: string,
  facts: DataFacts,
  choice?: ShareChoice,
  spec = train.name,
  onNotice?: (notice: string) => void,
): OwnData {
  checkDataset(train);
  const dataset = fitted(train, spec, facts, onNotice);
  return { dataset, share: shareOf(dataset, name, facts, choice) };
}

function shareOf(
  dataset: ImageDataset,
  name: string,
  { configuration: { seed, partition: setting } }: DataFacts,
  { partitioner, part, parts }: ShareChoice = { partitioner: everything, part: 1, parts: 1 },
): Share {
  const options = { participants: parts, seed, validationFraction: setting.validation };
  const share = partition(dataset, partitioner, options)[part - 1] as Share;
  return { ...share, name };
}

const everything: Partitioner = {
  name: 'everything',
  settings: {},
  split: (labels) => [Uint32Array.from(labels, (_, index) => index)],
};

/** The same examples, with the federation's classes. */
function fitted(
  train: ImageDataset,
  spec: string,
  { imageShape, classNames }: DataFacts,
  onNotice?: (notice: string) => void,
): ImageDataset {
  const shape = [train.channels, train.height, train.width].join('x');
  if (shape !== imageShape.join('x')) {
    throw new FederationError(
      `data: "${spec}" holds images of ${shape}, expected ${imageShape.join('x')} (channels x height x width), as this federation has them`,
      { hint: 'convert the images to that size first' },
    );
  }
  const counts = classCounts(train.labels, train.classNames.length);
  const numbers = classNumbers(train.classNames, counts, spec, classNames, onNotice);
  return renumbered(train, numbers, classNames);
}

/**
 * The federation's number of each of these classes; -1 where it has no such class, and there is no image of it.
 * @param counts how many images each class has
 * @throws FederationError when there are images of a class that the federation does not know
 */
export function classNumbers(
  own: readonly string[],
  counts: ArrayLike<number>,
  spec: string,
  classNames: readonly string[],
  onNotice?: (notice: string) => void,
): number[] {
  const numbers = own.map((name) => classNames.indexOf(canonicalName(name)));
  const foreign = numbers.findIndex((number, label) => number < 0 && (counts[label] as number) > 0);
  if (foreign < 0) return numbers;
  if (areNumbers(own) && own.length <= classNames.length) {
    onNotice?.(
      `data: the classes of "${spec}" have no names, so its label 0 is taken for "${classNames[0]}", and so on`,
    );
    return own.map((_, label) => label);
  }
  const name = own[foreign] as string;
  const nearest = nearestName(name, classNames);
  throw new FederationError(
    `data: "${spec}" has ${counts[foreign]} images of the class "${name}", which this federation does not know, expected ${listed(classNames)}`,
    {
      hint:
        nearest === undefined
          ? 'rename the class, or leave it out'
          : `rename it, if it is "${nearest}", or leave it out`,
    },
  );
}

/** "0", "1", …: a set in IDX format says no names. */
const areNumbers = (names: readonly string[]) => names.every((name, index) => name === String(index));

function listed(names: readonly string[]): string {
  const most = 20;
  const shown = names.slice(0, most).map((name) => `"${name}"`);
  return shown.join(', ') + (names.length > most ? ` and ${names.length - most} more` : '');
}
