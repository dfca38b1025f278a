/** The metrics of a federation with these settings: those that it chooses, or those of its task. */
import type { TaskSettings } from '../../engine/nn/settings.js';
import { classificationMetrics } from '../../metrics/classification.js';
import { chosenMetrics } from '../../metrics/known-metrics.js';
import type { TaskMetrics } from '../../metrics/metric.js';
import { regressionMetrics } from '../../metrics/regression.js';

export interface MetricSettings {
  readonly task: TaskSettings;
  /** Names of metrics, the main one first. */
  readonly metrics?: readonly string[] | undefined;
}

/** The metrics, the main one first. */
export function metricsOf({ task, metrics }: MetricSettings): TaskMetrics {
  switch (task.name) {
    case 'classification':
      return metrics === undefined ? classificationMetrics : chosenMetrics(task.name, metrics);
    case 'multi-label':
      return chosenMetrics(task.name, metrics ?? ['f1-macro']);
    case 'segmentation':
      return chosenMetrics(task.name, metrics ?? ['iou']);
    case 'regression':
      return regressionMetrics(task.unit, metrics);
    case 'custom':
      return task.metrics as unknown as TaskMetrics;
  }
}

/** Whether there are figures by category too: confusions, and counts of examples. */
export const hasClasses = ({ task }: { readonly task: TaskSettings }): boolean =>
  task.name === 'classification';
