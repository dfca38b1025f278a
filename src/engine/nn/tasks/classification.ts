/** Classification: each example belongs to one class. */
import * as g from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import { type ClassLoss, softmaxCrossEntropy } from './class-losses.js';
import { classMetrics, confusion, scores } from './class-metrics.js';
import type { ClassTask, Metric, Task } from './task.js';

export interface ClassificationTask extends Task {
  readonly classes: ClassTask;
}

/**
 * @param loss softmax cross-entropy by default
 * @param metrics names of `known-metrics.ts`, the main one first; accuracy by default
 * @param isScored whether scores are counted although no metric needs them, to choose a cut-off
 */
export function classification({
  classes,
  loss = softmaxCrossEntropy(),
  metrics = ['accuracy'],
  isScored = false,
}: {
  readonly classes: number;
  readonly loss?: ClassLoss;
  readonly metrics?: readonly string[] | undefined;
  readonly isScored?: boolean | undefined;
}): ClassificationTask {
  return {
    name: 'classification',
    targets: [{ name: 'labels', dtype: 'i32', shape: [] }],
    output: [classes],
    unit: 'example',
    classes: { count: classes, loss },
    losses: (logits, [labels]) => loss(logits, labels as Value),
    metrics: classMetrics(metrics) as [Metric, ...Metric[]],
    described: isScored ? (...of) => ({ ...confusion(...of), ...scores(...of) }) : confusion,
    outputs: (logits) => ({ logits, probabilities: g.softmax(logits) }),
  };
}
