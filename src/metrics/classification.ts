/** The metrics of classification: the accuracy is the main one. */
import type { TaskMetrics } from './metric.js';

export const classificationMetrics: TaskMetrics = [
  { name: 'accuracy', better: 'higher', format: 'percent' },
  { name: 'loss', better: 'lower', format: 'number' },
];
