/** How a federation of these settings is measured: by the metrics of its task. */
import type { TaskSettings } from '../../engine/nn/settings.js';
import { classificationMetrics } from '../../metrics/classification.js';
import type { TaskMetrics } from '../../metrics/metric.js';
import { regressionMetrics } from '../../metrics/regression.js';

/** The main one first. */
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

/** Whether there are figures of categories besides: what is taken for what, and who holds how many. */
export const hasClasses = ({ task }: { readonly task: TaskSettings }): boolean =>
  task.name === 'classification';
