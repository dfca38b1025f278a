/**
 * Curves of a score histogram on a fixed grid, so that those of several models have one axis and a
 * known size.
 */
import type { ScoreHistogram } from './score-histograms.js';

/** 0, 0.02, …, 1 */
export const CURVE_GRID: readonly number[] = Array.from({ length: 51 }, (_, k) => k / 50);

interface Counts {
  readonly hits: number;
  readonly misses: number;
}

/** The counts of examples at or above each threshold, from none to all. */
function cumulative({ positives, negatives }: ScoreHistogram): Counts[] {
  const points: Counts[] = [{ hits: 0, misses: 0 }];
  for (let bin = positives.length - 1; bin >= 0; bin--) {
    const [hit, miss] = [positives[bin] as number, negatives[bin] as number];
    if (hit + miss === 0) continue;
    const { hits, misses } = points.at(-1) as Counts;
    points.push({ hits: hits + hit, misses: misses + miss });
  }
  return points;
}

/**
 * [grid]: the true positive rate at each false positive rate, with straight lines between
 * thresholds; undefined if there are examples of one kind only.
 */
export function rocCurve(histogram: ScoreHistogram): number[] | undefined {
  const points = cumulative(histogram);
  const all = points.at(-1) as Counts;
  if (all.hits === 0 || all.misses === 0) return undefined;
  return CURVE_GRID.map((rate) => {
    const misses = rate * all.misses;
    const at = points.findLastIndex((point) => point.misses <= misses + 1e-9);
    const [from, to] = [points[at] as Counts, points[at + 1]];
    const part = to === undefined ? 0 : (misses - from.misses) / (to.misses - from.misses);
    return short((from.hits + Math.max(0, part) * ((to ?? from).hits - from.hits)) / all.hits);
  });
}

/**
 * [grid]: the precision at the highest threshold with at least that recall; undefined if there are
 * no positive examples.
 */
export function precisionRecallCurve(histogram: ScoreHistogram): number[] | undefined {
  const [, ...points] = cumulative(histogram);
  const total = points.at(-1)?.hits ?? 0;
  if (total === 0) return undefined;
  return CURVE_GRID.map((recall) => {
    const { hits, misses } = points.find((point) => point.hits >= recall * total - 1e-9) as Counts;
    return short(hits / (hits + misses));
  });
}

const short = (value: number) => Number(value.toFixed(4));
