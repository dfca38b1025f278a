/** Of a classification: which class is taken for which, and the accuracy of each class. */
import type { Metrics } from './metrics.js';

/**
 * [classes, classes], row-major: examples of class i that were taken for class j; empty if the task
 * is not over classes.
 */
const confusionOf = ({ sums }: Pick<Metrics, 'sums'>) => sums.confusion ?? new Float64Array(0);

/** [classes]: the part of each class that was recognised; NaN for a class without examples. */
export function accuracyByClass(metrics: Pick<Metrics, 'sums'>): number[] {
  return confusionRows(metrics).map((row, label) => (row[label] as number) / row.reduce((a, b) => a + b, 0));
}

/** [classes][classes]: as nested lists, for files. */
export function confusionRows(metrics: Pick<Metrics, 'sums'>): number[][] {
  const confusion = confusionOf(metrics);
  const classes = Math.sqrt(confusion.length);
  return Array.from({ length: classes }, (_, label) => [
    ...confusion.subarray(label * classes, (label + 1) * classes),
  ]);
}
