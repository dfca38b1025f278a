/**
 * Losses over classes. Each gives one number for each example, so that weights and sums can be
 * applied outside.
 */
import type { Complaint } from '../../../base/complaint.js';
import * as g from '../../graph/build.js';
import type { Value } from '../../graph/value.js';

/**
 * From logits [N, classes] and labels i32 [N] to the loss of each example [N]. `seen` f32 [classes]
 * is 0 for classes that take no part, as if the network had no output for them, and 1 for the
 * others.
 */
export type ClassLoss = (logits: Value, labels: Value, seen?: Value) => Value;

/** A logit lowered by this much has probability 0 in float32, and its logarithm stays finite. */
export const EXCLUDED = 1e4;

const targets = (logits: Value, labels: Value) => g.oneHot(labels, logits.shape[1] ?? 1);

/**
 * −Σ_c t_c log softmax(z)_c, where t is 1 − ε + ε/classes for the true class and ε/classes for the
 * others (label smoothing: Szegedy et al. 2016). Where classes have weights, the loss of an example
 * is multiplied by that of its class; the mean over examples still divides by their number.
 */
export const softmaxCrossEntropy =
  ({
    labelSmoothing = 0,
    classWeights,
  }: {
    readonly labelSmoothing?: number;
    /** [classes] */
    readonly classWeights?: readonly number[] | Value | undefined;
  } = {}): ClassLoss =>
  (logits, labels, seen) => {
    const classes = logits.shape[1] ?? 1;
    const open = seen === undefined ? logits : g.sub(logits, g.mul(g.sub(1, seen), EXCLUDED));
    const others =
      seen === undefined || labelSmoothing === 0
        ? labelSmoothing / classes
        : g.mul(g.div(seen, g.reduceSum(seen)), labelSmoothing);
    const smoothed = g.add(g.mul(targets(logits, labels), 1 - labelSmoothing), others);
    const losses = g.neg(g.reduceSum(g.mul(g.logSoftmax(open), smoothed), [1]));
    if (classWeights === undefined) return losses;
    const each = 'op' in classWeights ? classWeights : g.constant(classWeights, [classes]);
    const weights = g.mul(targets(logits, labels), g.reshape(each, [1, classes]));
    return g.mul(losses, g.reduceSum(weights, [1]));
  };

/** The mean over classes of (z_c − t_c)², where t is the one-hot label. */
export const meanSquaredError = (): ClassLoss => (logits, labels, seen) => {
  const difference = g.sub(logits, targets(logits, labels));
  const squares = g.mul(difference, difference);
  return seen === undefined
    ? g.reduceMean(squares, [1])
    : g.div(g.reduceSum(g.mul(squares, seen), [1]), g.reduceSum(seen));
};

/** What is wrong with the class weights of a loss for so many classes; undefined if nothing is. */
export function classWeightsProblem(
  loss: { readonly classWeights?: readonly number[] | 'balanced' | undefined } | object,
  classes: number,
): Complaint | undefined {
  const weights = 'classWeights' in loss ? loss.classWeights : undefined;
  if (weights === undefined || weights === 'balanced' || weights.length === classes) return undefined;
  return {
    message: `"loss.classWeights" has ${weights.length} numbers, expected one for each of the ${classes} classes`,
    hint: undefined,
  };
}
