/**
 * The group of each example, by which data are dealt out and validation examples are held out in
 * proportion. For classification it is the category; for a number, the quantile; otherwise all
 * examples are one group. Examples without a category are no group of their own: they are spread
 * over the others, so that no participant gets little else.
 */
import type { Dataset } from '../dataset.js';
import type { Meaning } from '../meaning.js';

export interface Strata {
  /** [examples], each from 0 to count − 1. */
  readonly groups: ArrayLike<number>;
  readonly count: number;
}

/** Enough groups to deal out a skewed target, few enough that each has examples. */
const QUANTILES = 10;

/** The groups of the set's first target. */
export function strataOf({ examples, targets: [target] }: Dataset): Strata {
  const { meaning, shape = [], values = [] } = target ?? {};
  if (shape.length > 0) return oneGroup(examples);
  switch (meaning?.kind) {
    case 'categories':
      return byCategory(values, meaning);
    case 'number':
      return quantiles(values);
    default:
      return oneGroup(examples);
  }
}

const oneGroup = (examples: number): Strata => ({ groups: new Uint8Array(examples), count: 1 });

type Categories = Extract<Meaning, { kind: 'categories' }>;

/** Each example without a category is in the group of another, in turn. */
function byCategory(values: ArrayLike<number>, { names, ignored }: Categories): Strata {
  const count = names.length;
  if (ignored === undefined) return { groups: values, count };
  const known = Array.from(values).filter((value) => value !== ignored);
  if (known.length === 0) return oneGroup(values.length);
  let next = 0;
  const groups = Uint32Array.from(values, (value) =>
    value === ignored ? (known[next++ % known.length] as number) : value,
  );
  return { groups, count };
}

/** Equal numbers are in one quantile, so a target with few values is grouped by its values. */
function quantiles(values: ArrayLike<number>): Strata {
  const sorted = Float64Array.from(values).sort();
  const bounds = Array.from(
    { length: QUANTILES - 1 },
    (_, k) => sorted[Math.floor(((k + 1) * sorted.length) / QUANTILES)] as number,
  );
  const groups = Uint8Array.from(values, (value) => bounds.filter((bound) => value >= bound).length);
  return { groups, count: QUANTILES };
}
