/**
 * The sums of a model's metrics on a participant's validation examples, as they leave it if its
 * owner allows that: without zeros, and without small counts (`hidden-counts.ts`).
 */
import type { z } from 'zod';
import type { Metrics } from '../metrics.js';
import { MOST_SHARED_NUMBERS, type sharedSumsSchema } from '../schemas.js';
import { withoutSmallCounts } from './hidden-counts.js';

export type SharedSums = Readonly<z.output<typeof sharedSumsSchema>>;
export type SparseSum = Readonly<SharedSums['sums'][string]>;

/** An owner's permission to share the sums. */
export interface SumsPermission {
  /** Counts below are hidden; 1 hides none. */
  readonly smallestCount: number;
}

/**
 * What is shared. Undefined with fewer examples than the smallest count.
 * @param mostNumbers the largest sums are left out if all together have more
 */
export function sharedSums(
  metrics: Metrics,
  { smallestCount }: SumsPermission,
  mostNumbers = MOST_SHARED_NUMBERS,
): SharedSums | undefined {
  const { examples, counted, lossSum } = metrics;
  if (examples === 0 || examples < smallestCount) return undefined;
  const shown = Object.entries(withoutSmallCounts(metrics.sums, examples, smallestCount)).map(
    ([name, values]) => [name, sparse(values)] as const,
  );
  const numbers = (entries: typeof shown) => entries.reduce((all, [, { places }]) => all + places.length, 0);
  const smallestFirst = shown.toSorted(([, a], [, b]) => a.places.length - b.places.length);
  while (numbers(smallestFirst) > mostNumbers) smallestFirst.pop();
  const fitting = new Set(smallestFirst.map(([name]) => name));
  return { counted, lossSum, sums: Object.fromEntries(shown.filter(([name]) => fitting.has(name))) };
}

function sparse(values: Float64Array): SparseSum {
  const places: number[] = [];
  values.forEach((value, place) => {
    if (value !== 0) places.push(place);
  });
  return { size: values.length, places, values: places.map((place) => values[place] as number) };
}

/** The sums with their zeros. */
export const sumsOfShared = ({ sums }: SharedSums): Record<string, Float64Array> =>
  Object.fromEntries(
    Object.entries(sums).map(([name, { size, places, values }]) => {
      const whole = new Float64Array(size);
      places.forEach((place, k) => {
        whole[place] = values[k] as number;
      });
      return [name, whole];
    }),
  );
