/**
 * The group of every example, by which data are dealt out and validation examples held out in proportion: the class of what
 * is classified; of a number that is learned, the quantile it lies in; else all examples are of one group.
 */
import type { Dataset } from '../dataset.js';

export interface Strata {
  /** [examples], each from 0 to count − 1. */
  readonly groups: ArrayLike<number>;
  readonly count: number;
}

/** Enough to deal out a skewed target, few enough that each has examples. */
const QUANTILES = 10;

/** By the first target of the set. */
export function strataOf({ examples, targets: [target] }: Dataset): Strata {
  const { meaning, shape = [], values = [] } = target ?? {};
  if (shape.length > 0) return oneGroup(examples);
  switch (meaning?.kind) {
    case 'categories':
      return { groups: values, count: meaning.names.length };
    case 'number':
      return quantiles(values);
    default:
      return oneGroup(examples);
  }
}

const oneGroup = (examples: number): Strata => ({ groups: new Uint8Array(examples), count: 1 });

/** Equal numbers lie in one quantile, so that what has few values is dealt out by them. */
function quantiles(values: ArrayLike<number>): Strata {
  const sorted = Float64Array.from(values).sort();
  const bounds = Array.from(
    { length: QUANTILES - 1 },
    (_, k) => sorted[Math.floor(((k + 1) * sorted.length) / QUANTILES)] as number,
  );
  const groups = Uint8Array.from(values, (value) => bounds.filter((bound) => value >= bound).length);
  return { groups, count: QUANTILES };
}
