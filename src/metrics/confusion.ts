/** Of a classification: which class is taken for which, and the accuracy of each class. */
import type { Metrics } from './metrics.js';

/** [classes]: the part of each class that was recognised; NaN for a class without examples. */
export function accuracyByClass(metrics: Pick<Metrics, 'sums'>): number[] {
  return confusionRows(metrics).map((row, label) => (row[label] as number) / row.reduce((a, b) => a + b, 0));
}

/**
 * [classes][classes]: examples of class i that were taken for class j, as nested lists; empty if
 * the task is not over classes.
 */
export function confusionRows({ sums }: Pick<Metrics, 'sums'>): number[][] {
  const confusion = sums.confusion ?? new Float64Array(0);
  const classes = Math.sqrt(confusion.length);
  return Array.from({ length: classes }, (_, label) => [
    ...confusion.subarray(label * classes, (label + 1) * classes),
  ]);
}
