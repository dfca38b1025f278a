/**
 * Takes small counts out of the sums of metrics before they leave their owner. A count of two
 * patients may say who they are; so does a score that is one patient's alone.
 *
 * - Counts that are all that a figure is made of, such as a confusion, are left out as a whole if
 *   one of them is from 1 to the smallest count − 1, or would give such a one back. Moving the
 *   examples to another cell would make a figure wrong.
 * - A histogram of scores is made coarser: each group of so many scores that follow one another, of
 *   one kind, counts as its middle one (microaggregation; Domingo-Ferrer and Mateo-Sanz 2002,
 *   https://doi.org/10.1109/69.979982). Its totals stay as they are. It is left out if a kind has
 *   fewer examples altogether.
 * - What is added up over all examples, such as squared errors, stays as it is.
 * - A sum that nobody knows, of a task of one's own, is left out.
 */
import { CALIBRATION_BINS } from '../calibration.js';
import type { Sums } from '../known-figures.js';
import { SCORE_BINS } from '../score-histograms.js';

/** The sum as it may be shown; undefined if it may not. */
type Hiding = (values: Float64Array, examples: number, smallest: number) => Float64Array | undefined;

const isSmall = (count: number, smallest: number) => count > 0 && count < smallest;

const asItIs: Hiding = (values) => values;

const unlessSmall: Hiding = (values, _, smallest) =>
  values.some((count) => isSmall(count, smallest)) ? undefined : values;

/** Of one count the rest is known, too. */
const unlessPartSmall: Hiding = (values, examples, smallest) =>
  values.some((count) => isSmall(count, smallest) || isSmall(examples - count, smallest))
    ? undefined
    : values;

const unlessBinSmall: Hiding = (values, _, smallest) => {
  const [all, , right] = [0, 1, 2].map((row) =>
    values.subarray(row * CALIBRATION_BINS, (row + 1) * CALIBRATION_BINS),
  ) as [Float64Array, Float64Array, Float64Array];
  const small = all.some((count, bin) => {
    const so = right[bin] as number;
    return isSmall(so, smallest) || isSmall(count - so, smallest);
  });
  return small ? undefined : values;
};

const coarser: Hiding = (values, _, smallest) => {
  const hidden = new Float64Array(values.length);
  for (let from = 0; from < values.length; from += SCORE_BINS) {
    const groups = groupsOf(values.subarray(from, from + SCORE_BINS), smallest);
    if (groups === undefined) return undefined;
    for (const { bin, count } of groups) hidden[from + bin] = count;
  }
  return hidden;
};

const hidings: Readonly<Record<string, Hiding>> = {
  ...{ confusion: unlessSmall, outcomes: unlessSmall, correct: unlessPartSmall, exact: unlessPartSmall },
  ...{ calibration: unlessBinSmall, scores: coarser },
  ...{ brier: asItIs, squares: asItIs, absolute: asItIs, targets: asItIs, targetSquares: asItIs },
};

/** The sums that may be shown. With a smallest count of 1, all of them are, as they are. */
export function withoutSmallCounts(sums: Sums, examples: number, smallest: number): Sums {
  if (smallest <= 1) return sums;
  return Object.fromEntries(
    Object.entries(sums).flatMap(([name, values]) => {
      const shown = hidings[name]?.(values, examples, smallest);
      return shown === undefined ? [] : [[name, shown]];
    }),
  );
}

/**
 * Groups of at least `smallest` scores, each in the bin of its middle one. A bin that has enough is
 * a group by itself, so what is coarse enough stays as it is. Undefined with too few scores for one
 * group.
 */
function groupsOf(counts: Float64Array, smallest: number) {
  const groups: { bins: number[]; count: number }[] = [];
  let open = { bins: [] as number[], count: 0 };
  counts.forEach((count, bin) => {
    if (count === 0) return;
    open.bins.push(bin);
    open.count += count;
    if (open.count < smallest) return;
    groups.push(open);
    open = { bins: [], count: 0 };
  });
  if (open.count > 0) {
    const last = groups.at(-1);
    if (last === undefined) return undefined;
    last.bins.push(...open.bins);
    last.count += open.count;
  }
  return groups.map(({ bins, count }) => ({ bin: middleOf(bins, counts, count), count }));
}

/** The bin of the middle one of these scores. */
function middleOf(bins: readonly number[], counts: Float64Array, total: number): number {
  let before = 0;
  for (const bin of bins) {
    before += counts[bin] as number;
    if (2 * before >= total) return bin;
  }
  return bins.at(-1) as number;
}
