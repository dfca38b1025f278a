/** The metrics of classification; accuracy is the main one by default. */
import { chosenMetrics } from './known-metrics.js';
import { type Figures, finiteFigures } from './metric.js';
import { figuresOfSums, type Metrics } from './metrics.js';

export const classificationMetrics = chosenMetrics('classification', ['accuracy']);

/** The figures that follow from the sums, for any task. A figure that is undefined is left out. */
export const figuresOf = (metrics: Metrics): Figures => finiteFigures(figuresOfSums(metrics));
