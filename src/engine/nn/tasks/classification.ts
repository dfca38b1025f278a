/** Classification: each example belongs to one class. The metric is accuracy. */
import * as g from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import { type ClassLoss, softmaxCrossEntropy } from './class-losses.js';
import type { ClassTask, Metric, Task } from './task.js';

export interface ClassificationTask extends Task {
  readonly classes: ClassTask;
}

/** @param loss softmax cross-entropy by default */
export function classification({
  classes,
  loss = softmaxCrossEntropy(),
}: {
  readonly classes: number;
  readonly loss?: ClassLoss;
}): ClassificationTask {
  return {
    name: 'classification',
    targets: [{ name: 'labels', dtype: 'i32', shape: [] }],
    output: [classes],
    unit: 'example',
    classes: { count: classes, loss },
    losses: (logits, [labels]) => loss(logits, labels as Value),
    metrics: [accuracy],
    outputs: (logits) => ({ logits, probabilities: g.softmax(logits) }),
  };
}

/**
 * The part of the examples whose own class has the largest logit. The confusion counts which class
 * each example was taken for.
 */
const accuracy: Metric = {
  ...{ name: 'accuracy', better: 'higher', format: 'percent' },
  sums(logits, [labels], weights) {
    const classes = logits.shape[1] ?? 1;
    const predictions = g.argMax(logits, 1);
    const weighted = g.mul(
      g.oneHot(labels as Value, classes),
      g.reshape(weights, [weights.shape[0] ?? 1, 1]),
    );
    return {
      correct: g.reduceSum(g.mul(g.equal(predictions, labels as Value), weights)),
      /** [classes, classes]: the number of examples of class i that were taken for class j. */
      confusion: g.matmul(weighted, g.oneHot(predictions, classes), { transposeA: true }),
    };
  },
  figure: ({ correct, counted }) => g.div(correct as Value, counted as Value),
};
