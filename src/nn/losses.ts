/** Losses: one number for every example, so that weights and sums can be taken outside. */
import * as g from '../graph/build.js';
import type { Value } from '../graph/value.js';

/** From logits [N, classes] and labels i32 [N] to the loss of every example [N]. */
export type Loss = (logits: Value, labels: Value) => Value;

const targets = (logits: Value, labels: Value) => g.oneHot(labels, logits.shape[1] ?? 1);

/**
 * −Σ_c t_c log softmax(z)_c, where t is 1 − ε + ε/classes for the true class and ε/classes for the others
 * (label smoothing: Szegedy et al. 2016).
 */
export const softmaxCrossEntropy =
  ({ labelSmoothing = 0 } = {}): Loss =>
  (logits, labels) => {
    const classes = logits.shape[1] ?? 1;
    const smoothed = g.add(g.mul(targets(logits, labels), 1 - labelSmoothing), labelSmoothing / classes);
    return g.neg(g.reduceSum(g.mul(g.logSoftmax(logits), smoothed), [1]));
  };

/** The mean over classes of (z_c − t_c)², t being the one-hot label. */
export const meanSquaredError = (): Loss => (logits, labels) => {
  const difference = g.sub(logits, targets(logits, labels));
  return g.reduceMean(g.mul(difference, difference), [1]);
};
