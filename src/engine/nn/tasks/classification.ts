/** Classification: each example belongs to one class. */
import * as g from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import { type ClassLoss, softmaxCrossEntropy } from './class-losses.js';
import { classMetrics, confusion } from './class-metrics.js';
import type { ClassTask, Metric, Task } from './task.js';

export interface ClassificationTask extends Task {
  readonly classes: ClassTask;
}

/**
 * @param loss softmax cross-entropy by default
 * @param metrics names of `known-metrics.ts`, the main one first; accuracy by default
 */
export function classification({
  classes,
  loss = softmaxCrossEntropy(),
  metrics = ['accuracy'],
}: {
  readonly classes: number;
  readonly loss?: ClassLoss;
  readonly metrics?: readonly string[] | undefined;
}): ClassificationTask {
  return {
    name: 'classification',
    targets: [{ name: 'labels', dtype: 'i32', shape: [] }],
    output: [classes],
    unit: 'example',
    classes: { count: classes, loss },
    losses: (logits, [labels]) => loss(logits, labels as Value),
    metrics: classMetrics(metrics) as [Metric, ...Metric[]],
    described: confusion,
    outputs: (logits) => ({ logits, probabilities: g.softmax(logits) }),
  };
}
