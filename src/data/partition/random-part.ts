/** A part of a data set, for experiments that need not take long: shares of that part, in places of the whole. */

import { randomStream } from '../../base/random.js';
import type { ImageDataset } from '../images/image-dataset.js';
import type { Share } from './partition.js';

/**
 * @param size how many of the examples, drawn by the seed alone
 * @param deal deals out a data set of these labels
 */
export function shareRandomPart(
  { labels, classNames }: Pick<ImageDataset, 'labels' | 'classNames'>,
  size: number,
  seed: number,
  deal: (part: Pick<ImageDataset, 'labels' | 'classNames'>) => Share[],
): Share[] {
  const order = randomStream(seed, 'part of the data').permutation(labels.length);
  const places = order.subarray(0, size).sort();
  const inWhole = (indices: Uint32Array) => indices.map((index) => places[index] as number);
  return deal({ classNames, labels: Uint8Array.from(places, (place) => labels[place] as number) }).map(
    ({ name, train, validation }) => ({ name, train: inWhole(train), validation: inWhole(validation) }),
  );
}
