/**
 * Multi-label classification: each of several labels applies to an example or does not. The network
 * gives a logit for each label, whose probability is its sigmoid. A label is predicted from one
 * half on. The loss of an example is the mean over its labels of the binary cross-entropy.
 */
import { chosenMetrics, type LabelMetricName } from '../../../metrics/known-metrics.js';
import * as g from '../../graph/build.js';
import { abs } from '../../graph/compose.js';
import type { Value } from '../../graph/value.js';
import { calibrationSums, scoreHistograms } from './scores.js';
import type { Metric, Task } from './task.js';

type SumsOf = Metric['sums'];

export interface MultiLabelOptions {
  /** The column of 0 or 1 for each label, [labels]. */
  readonly target: { readonly name: string; readonly labels: number };
  /** Names of the metrics, the main one first; `f1-macro` by default. */
  readonly metrics?: readonly string[] | undefined;
}

export function multiLabel({ target: { name, labels }, metrics = ['f1-macro'] }: MultiLabelOptions): Task {
  return {
    name: 'multi-label',
    targets: [{ name, dtype: 'i32', shape: [labels] }],
    output: [labels],
    unit: 'example',
    losses: (logits, [truth]) => g.reduceMean(binaryCrossEntropy(logits, g.cast(truth as Value, 'f32')), [1]),
    metrics: chosenMetrics('multi-label', metrics)
      .filter((facts) => facts.name !== 'loss')
      .map((facts) => ({
        ...facts,
        sums: sumsOf[facts.name as LabelMetricName],
      })) as unknown as Task['metrics'],
    described: outcomes,
    outputs: (logits) => ({ logits, probabilities: g.sigmoid(logits) }),
  };
}

/** max(z, 0) − z·y + log(1 + exp(−|z|)), which is finite for every logit. */
const binaryCrossEntropy = (logits: Value, truth: Value): Value =>
  g.add(g.sub(g.relu(logits), g.mul(logits, truth)), g.log(g.add(g.exp(g.neg(abs(logits))), 1)));

const parts = (logits: Value, [target]: readonly Value[], weights: Value) => {
  const [examples = 1, labels = 1] = logits.shape;
  return {
    ...{ examples, labels, truth: g.cast(target as Value, 'f32') },
    predicted: g.sub(1, g.greater(0, logits)),
    /** [N, 1] */
    weight: g.reshape(weights, [examples, 1]),
  };
};

/** [4, labels]: true positives, false positives, false negatives, true negatives. */
const outcomes: SumsOf = (logits, targets, weights) => {
  const { truth, predicted, weight, labels } = parts(logits, targets, weights);
  const [no, not] = [g.sub(1, truth), g.sub(1, predicted)];
  const pairs: [Value, Value][] = [
    [truth, predicted],
    [no, predicted],
    [truth, not],
    [no, not],
  ];
  const counts = pairs.map(([a, b]) => g.reshape(g.reduceSum(g.mul(g.mul(a, b), weight), [0]), [1, labels]));
  return { outcomes: g.concat(counts, 0) };
};

const exact: SumsOf = (logits, targets, weights) => {
  const { truth, predicted } = parts(logits, targets, weights);
  const wrong = g.reduceSum(abs(g.sub(truth, predicted)), [1]);
  return { exact: g.reduceSum(g.mul(g.sub(1, g.greater(wrong, 0)), weights)) };
};

const scores: SumsOf = (logits, targets, weights) => ({
  scores: scoreHistograms({ logOdds: logits, truth: parts(logits, targets, weights).truth }, weights),
});

/** Of an example, the mean over its labels of (p − y)². */
const brier: SumsOf = (logits, targets, weights) => {
  const error = g.sub(g.sigmoid(logits), parts(logits, targets, weights).truth);
  return { brier: g.reduceSum(g.mul(g.reduceMean(g.mul(error, error), [1]), weights)) };
};

/** Of all labels together. */
const calibration: SumsOf = (logits, targets, weights) => {
  const { examples, labels, truth, weight } = parts(logits, targets, weights);
  const all = (x: Value) => g.reshape(x, [examples * labels]);
  const each = all(g.expand(weight, [examples, labels]));
  return { calibration: calibrationSums(all(g.sigmoid(logits)), all(truth), each) };
};

const sumsOf: Readonly<Record<LabelMetricName, SumsOf>> = {
  'f1-macro': outcomes,
  'f1-weighted': outcomes,
  accuracy: outcomes,
  'exact-match': exact,
  auroc: scores,
  'average-precision': scores,
  brier,
  'calibration-error': calibration,
};
