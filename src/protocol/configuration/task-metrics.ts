/** The metrics of a federation with these settings: those of its task. */
import type { TaskSettings } from '../../engine/nn/settings.js';
import { classificationMetrics } from '../../metrics/classification.js';
import type { TaskMetrics } from '../../metrics/metric.js';
import { regressionMetrics } from '../../metrics/regression.js';

/** The metrics, the main one first. */
export function metricsOf({ task }: { readonly task: TaskSettings }): TaskMetrics {
  switch (task.name) {
    case 'classification':
      return classificationMetrics;
    case 'regression':
      return regressionMetrics(task.unit);
    case 'custom':
      return task.metrics as unknown as TaskMetrics;
  }
}

/** Whether there are figures by category too: confusions, and counts of examples. */
export const hasClasses = ({ task }: { readonly task: TaskSettings }): boolean =>
  task.name === 'classification';
