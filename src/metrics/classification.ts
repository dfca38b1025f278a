/** The metrics of classification; accuracy is the main one. */
import { type Figures, finiteFigures, type TaskMetrics } from './metric.js';
import { figuresOfSums, type Metrics } from './metrics.js';

export const classificationMetrics: TaskMetrics = [
  { name: 'accuracy', better: 'higher', format: 'percent' },
  { name: 'loss', better: 'lower', format: 'number' },
];

/** The figures that follow from the sums, for any task. */
export const figuresOf = (metrics: Metrics): Figures => finiteFigures(figuresOfSums(metrics));
