/** The metrics by which a federation of these settings is measured, those of its task: the main one first. */
import { classificationMetrics } from '../../metrics/classification.js';
import type { TaskMetrics } from '../../metrics/metric.js';

export const metricsOf = (_: { readonly loss: { readonly name: string } }): TaskMetrics =>
  classificationMetrics;
