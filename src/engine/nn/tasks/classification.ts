/** Classification: each example is of one of so many classes. */
import type { Value } from '../../graph/value.js';
import { type ClassLoss, softmaxCrossEntropy } from './losses.js';
import type { ClassTask, Task } from './task.js';

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
  };
}
