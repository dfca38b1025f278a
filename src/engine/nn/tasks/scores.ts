/**
 * Sums of predicted probabilities, with which an evaluation measures more than which class is
 * predicted. Each takes the logits [N, classes] of a batch.
 */
import { CALIBRATION_BINS } from '../../../metrics/calibration.js';
import { LOG_ODDS_SCALE, SCORE_BINS } from '../../../metrics/score-histograms.js';
import * as g from '../../graph/build.js';
import type { Value } from '../../graph/value.js';

/** Whether each example is of each class, and its log-odds for it: [N, classes]. */
export interface ScoredClasses {
  readonly logOdds: Value;
  readonly truth: Value;
}

/**
 * Of classes that exclude each other. With two classes only the second one is scored, since the
 * scores of the first one are the same, reversed.
 */
export function scoredClasses(logits: Value, labels: Value): ScoredClasses {
  const classes = logits.shape[1] ?? 1;
  const all = { logOdds: logOddsOf(logits), truth: g.oneHot(labels, classes) };
  const second = (x: Value) => g.slice(x, [0, 1], [x.shape[0] ?? 1, 2]);
  return classes === 2 ? { logOdds: second(all.logOdds), truth: second(all.truth) } : all;
}

/**
 * z_c − log Σ_{j≠c} exp(z_j). The other classes are added without the one itself, since for a
 * probability near 1 its difference from 1 is lost in float32.
 */
function logOddsOf(logits: Value): Value {
  const classes = logits.shape[1] ?? 1;
  const centred = g.sub(logits, g.reduceMax(logits, [1], true));
  const others = g.constant(
    Array.from({ length: classes * classes }, (_, at) => Number(at % (classes + 1) !== 0)),
    [classes, classes],
  );
  // The least positive float32 keeps the logarithm finite where all others vanish.
  return g.sub(centred, g.log(g.add(g.matmul(g.exp(centred), others), Number.MIN_VALUE)));
}

/** [classes, 2, bins]: of each class the numbers of negative and of positive examples by score. */
export function scoreHistograms({ logOdds, truth }: ScoredClasses, weights: Value): Value {
  const [examples = 1, classes = 1] = logOdds.shape;
  const u = g.sigmoid(g.mul(logOdds, LOG_ODDS_SCALE));
  const below = g.sub(SCORE_BINS - 1, g.relu(g.sub(SCORE_BINS - 1, g.mul(u, SCORE_BINS))));
  const bins = g.oneHot(g.cast(below, 'i32'), SCORE_BINS);
  const weight = g.reshape(weights, [examples, 1]);
  const kinds = [g.mul(g.sub(1, truth), weight), g.mul(truth, weight)];
  const counted = g.concat(
    kinds.map((kind) => g.reshape(g.transpose(kind, [1, 0]), [classes, 1, examples])),
    1,
  );
  return g.matmul(counted, g.transpose(bins, [1, 0, 2]));
}

/**
 * [3, bins]: the examples, their probabilities, and how many are so, by probability.
 * @param probability [N] @param truth [N]
 */
export function calibrationSums(probability: Value, truth: Value, weights: Value): Value {
  const examples = probability.shape[0] ?? 1;
  const column = g.reshape(probability, [examples, 1]);
  // A probability on an edge belongs to the bin below it.
  const edges = Array.from({ length: CALIBRATION_BINS - 1 }, (_, edge) => (edge + 1) / CALIBRATION_BINS);
  const above = g.reduceSum(g.greater(column, g.constant(edges, [1, edges.length])), [1]);
  const bins = g.oneHot(g.cast(above, 'i32'), CALIBRATION_BINS);
  const rows = [weights, g.mul(weights, probability), g.mul(weights, truth)];
  return g.matmul(
    g.concat(
      rows.map((row) => g.reshape(row, [1, examples])),
      0,
    ),
    bins,
  );
}
