/**
 * Deals out a random part of a data set, for short experiments. The shares have the numbers of the
 * whole set.
 */

import { randomStream } from '../../base/random.js';
import type { Share } from './partition.js';
import type { Strata } from './strata.js';

/**
 * @param size the number of examples, drawn by the seed alone
 * @param deal deals out examples of these groups
 */
export function shareRandomPart(
  { groups, count }: Strata,
  size: number,
  seed: number,
  deal: (part: Strata) => Share[],
): Share[] {
  const order = randomStream(seed, 'part of the data').permutation(groups.length);
  const places = order.subarray(0, size).sort();
  const inWhole = (indices: Uint32Array) => indices.map((index) => places[index] as number);
  return deal({ count, groups: Uint32Array.from(places, (place) => groups[place] as number) }).map(
    ({ name, train, validation }) => ({ name, train: inWhole(train), validation: inWhole(validation) }),
  );
}
