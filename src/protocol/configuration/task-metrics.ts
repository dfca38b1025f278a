/** The metrics by which a federation of these settings is measured, those of its task: the main one first. */
import type { TaskSettings } from '../../engine/nn/settings.js';
import { classificationMetrics } from '../../metrics/classification.js';
import type { TaskMetrics } from '../../metrics/metric.js';
import { regressionMetrics } from '../../metrics/regression.js';

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
