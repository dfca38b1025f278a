/** The metrics of regression; the root mean squared error is the main one by default. */
import { chosenMetrics } from './known-metrics.js';
import type { MetricFacts, TaskMetrics } from './metric.js';

const WITH_UNIT: readonly string[] = ['rmse', 'mae'];

/** @param unit the unit of the predicted numbers */
export const regressionMetrics = (
  unit?: string,
  names: readonly string[] = ['rmse', 'mae', 'r2'],
): TaskMetrics =>
  chosenMetrics('regression', names).map(
    (metric): MetricFacts =>
      unit !== undefined && WITH_UNIT.includes(metric.name) ? { ...metric, unit } : metric,
  ) as unknown as TaskMetrics;
