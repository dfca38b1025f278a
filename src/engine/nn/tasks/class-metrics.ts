/** The metrics of classification: the sums that each is computed from. */
import { type ClassMetricName, chosenMetrics } from '../../../metrics/known-metrics.js';
import * as g from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import { calibrationSums, scoredClasses, scoreHistograms } from './scores.js';
import type { Metric } from './task.js';

type SumsOf = Metric['sums'];

/**
 * [classes, classes]: the number of examples of class i that were taken for class j, the class with
 * the largest logit.
 */
export const confusion: SumsOf = (logits, [labels], weights) => ({
  confusion: confusionBy(g.argMax(logits, 1), labels as Value, weights, logits.shape[1] ?? 1),
});

function confusionBy(predictions: Value, labels: Value, weights: Value, classes: number): Value {
  const weighted = g.mul(g.oneHot(labels, classes), g.reshape(weights, [weights.shape[0] ?? 1, 1]));
  return g.matmul(weighted, g.oneHot(predictions, classes), { transposeA: true });
}

/** Of each class against the rest; with two classes, of the second one. */
export const scores: SumsOf = (logits, [labels], weights) => ({
  scores: scoreHistograms(scoredClasses(logits, labels as Value), weights),
});

/**
 * Σ (p − y)² of the second class, where there are two, as for a yes or no; Σ Σ_c (p_c − y_c)² over
 * all classes, where there are more (Brier 1950).
 */
const brier: SumsOf = (logits, [labels], weights) => {
  const classes = logits.shape[1] ?? 1;
  const error = g.sub(g.softmax(logits), g.oneHot(labels as Value, classes));
  const squares = g.reduceSum(g.mul(error, error), [1]);
  return { brier: g.reduceSum(g.mul(classes === 2 ? g.mul(squares, 0.5) : squares, weights)) };
};

const calibration: SumsOf = (logits, [labels], weights) => {
  const [examples = 1, classes = 1] = logits.shape;
  const probabilities = g.softmax(logits);
  if (classes !== 2) {
    const right = g.equal(g.argMax(logits, 1), labels as Value);
    return { calibration: calibrationSums(g.reduceMax(probabilities, [1]), right, weights) };
  }
  const second = g.reshape(g.slice(probabilities, [0, 1], [examples, 2]), [examples]);
  return { calibration: calibrationSums(second, g.cast(labels as Value, 'f32'), weights) };
};

const sumsOf: Readonly<Record<Exclude<ClassMetricName, 'accuracy'>, SumsOf>> = {
  'balanced-accuracy': confusion,
  'f1-macro': confusion,
  'f1-weighted': confusion,
  sensitivity: confusion,
  specificity: confusion,
  auroc: scores,
  'average-precision': scores,
  brier,
  'calibration-error': calibration,
};

/** The part of the examples whose own class has the largest logit. */
const accuracy: Metric = {
  ...{ name: 'accuracy', better: 'higher', format: 'percent' },
  sums(logits, [labels], weights) {
    const predictions = g.argMax(logits, 1);
    return {
      correct: g.reduceSum(g.mul(g.equal(predictions, labels as Value), weights)),
      confusion: confusionBy(predictions, labels as Value, weights, logits.shape[1] ?? 1),
    };
  },
  figure: ({ correct, counted }) => g.div(correct as Value, counted as Value),
};

/** The metrics of these names, in this order; the loss, which every task has, is not among them. */
export function classMetrics(names: readonly string[]): Metric[] {
  return chosenMetrics('classification', names)
    .filter(({ name }) => name !== 'loss')
    .map((facts) => {
      if (facts.name === 'accuracy') return accuracy;
      return { ...facts, sums: sumsOf[facts.name as keyof typeof sumsOf] };
    });
}
