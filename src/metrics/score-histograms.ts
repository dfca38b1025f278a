/**
 * The area under the ROC curve and the average precision, each class against the rest, from
 * histograms of scores. A histogram can be added over batches and owners, which sorted scores
 * cannot.
 *
 * The score of an example for a class with the probability p falls into one of `SCORE_BINS` bins of
 * equal width in
 *
 *     u = 1/(1 + ((1 − p)/p)^¼),  the logistic function of a quarter of p's log-odds
 *
 * so that probabilities near 0 and 1, where networks put most of them, are told apart as well as
 * those in the middle. Scores in one bin count as equal. So each area is known within bounds, those
 * of the best and of the worst order within each bin: half their distance is the resolution.
 */

export const SCORE_BINS = 1000;
/** u of log-odds z is the logistic function of z times this. */
export const LOG_ODDS_SCALE = 0.25;

/** The least probability in a bin: u = bin/1000, solved for p. */
export function lowerEdge(bin: number): number {
  const u = bin / SCORE_BINS;
  return u === 0 ? 0 : 1 / (1 + ((1 - u) / u) ** (1 / LOG_ODDS_SCALE));
}

/** The bin whose lower edge is nearest to a probability. */
export function nearestBin(probability: number): number {
  const u = 1 / (1 + ((1 - probability) / probability) ** LOG_ODDS_SCALE);
  return Math.min(SCORE_BINS - 1, Math.round(u * SCORE_BINS));
}

/** Of one class: the numbers of examples in each bin, from the lowest score. */
export interface ScoreHistogram {
  /** Examples of the class. */
  readonly positives: Float64Array;
  /** All others. */
  readonly negatives: Float64Array;
}

/** An area, and by how much it may differ from that of the scores themselves. */
export interface Area {
  readonly value: number;
  readonly resolution: number;
}

/** @param scores [classes, 2, bins]: of each class its negatives, then its positives */
export const histogramsOf = (scores: Float64Array): ScoreHistogram[] =>
  Array.from({ length: scores.length / (2 * SCORE_BINS) }, (_, c) => {
    const from = 2 * c * SCORE_BINS;
    return {
      negatives: scores.subarray(from, from + SCORE_BINS),
      positives: scores.subarray(from + SCORE_BINS, from + 2 * SCORE_BINS),
    };
  });

/**
 * The probability that a positive example has a higher score than a negative one; equal scores
 * count half (Mann and Whitney 1947). NaN if there are examples of one kind only.
 */
export function areaUnderRoc({ positives, negatives }: ScoreHistogram): Area {
  let [won, tied, below] = [0, 0, 0];
  positives.forEach((count, bin) => {
    const beside = negatives[bin] as number;
    won += count * below;
    tied += count * beside;
    below += beside;
  });
  const pairs = sum(positives) * below;
  return { value: (won + tied / 2) / pairs, resolution: tied / 2 / pairs };
}

/**
 * Σ (R_k − R_{k−1})·P_k over the thresholds, from the highest score, with recall R and precision P;
 * without interpolation. NaN if there are no positive examples.
 */
export function averagePrecision({ positives, negatives }: ScoreHistogram): Area {
  let [area, best, worst] = [0, 0, 0];
  let [hits, misses] = [0, 0];
  for (let bin = positives.length - 1; bin >= 0; bin--) {
    const [hit, miss] = [positives[bin] as number, negatives[bin] as number];
    if (hit > 0) {
      area += (hit * (hits + hit)) / (hits + hit + misses + miss);
      // Best are equal scores above all negatives of the bin, worst are different ones below them.
      best += (hit * (hits + hit)) / (hits + hit + misses);
      worst += steps(hits, hit, misses + miss);
    }
    hits += hit;
    misses += miss;
  }
  const value = area / hits;
  return { value, resolution: Math.max(best / hits - value, value - worst / hits) };
}

/** Σ of the precisions after each of `hit` more positives, with so many negatives before them. */
function steps(hits: number, hit: number, misses: number): number {
  let total = 0;
  for (let k = 1; k <= hit; k++) total += (hits + k) / (hits + k + misses);
  return total;
}

const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0);
