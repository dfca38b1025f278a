/**
 * Segmentation: each pixel of a picture belongs to one class. The target is a mask, [height,
 * width]; pixels with a value that is no class do not count. The loss is the mean over the pixels
 * of all examples that count. Metrics are computed from the counts of all those pixels.
 */
import { chosenMetrics } from '../../../metrics/known-metrics.js';
import * as g from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import { type ClassLoss, softmaxCrossEntropy } from './class-losses.js';
import type { Metric, Task } from './task.js';

export interface SegmentationOptions {
  /** The column of masks. */
  readonly target: { readonly name: string; readonly shape: readonly [height: number, width: number] };
  readonly classes: number;
  /** Softmax cross-entropy by default. */
  readonly loss?: ClassLoss | undefined;
  /** Names of the metrics, the main one first; `iou` by default. */
  readonly metrics?: readonly string[] | undefined;
}

/** The network must give scores [classes, height, width]. */
export function segmentation({
  target: { name, shape },
  classes,
  loss = softmaxCrossEntropy(),
  metrics = ['iou'],
}: SegmentationOptions): Task {
  const [height, width] = shape;
  const eachPixel = [height * width];
  const examplesOf = (x: Value) => (x.shape[0] ?? 1) / (height * width);
  /** [pixels] → [N] */
  const byExample = (x: Value) => g.reduceSum(g.reshape(x, [examplesOf(x), ...eachPixel]), [1]);
  const truthOf = ([mask]: readonly Value[]) =>
    g.reshape(mask as Value, [sizeOfBatch(mask) * height * width]);
  const counted = (truth: Value) => g.reduceSum(g.oneHot(truth, classes), [1]);
  const confusion: Metric['sums'] = (scores, targets, weights) => {
    const truth = g.oneHot(truthOf(targets), classes);
    const taken = g.oneHot(g.argMax(pixelsOf(scores), 1), classes);
    const examples = sizeOfBatch(scores);
    const each = g.expand(g.reshape(weights, [examples, 1]), [examples, ...eachPixel]);
    const weighted = g.mul(truth, g.reshape(each, [examples * height * width, 1]));
    return { confusion: g.matmul(weighted, taken, { transposeA: true }) };
  };
  return {
    name: 'segmentation',
    targets: [{ name, dtype: 'i32', shape }],
    output: [classes, height, width],
    unit: 'pixel',
    losses(scores, targets) {
      const truth = truthOf(targets);
      return byExample(g.mul(loss(pixelsOf(scores), truth), counted(truth)));
    },
    units: (targets) => byExample(counted(truthOf(targets))),
    metrics: chosenMetrics('segmentation', metrics)
      .filter((facts) => facts.name !== 'loss')
      .map((facts) => ({ ...facts, sums: confusion })) as unknown as Task['metrics'],
    described: confusion,
    outputs: (logits) => ({ logits, probabilities: g.softmax(logits, 1) }),
  };
}

const sizeOfBatch = (x: Value | undefined) => x?.shape[0] ?? 1;

/** [N,classes,H,W] → [N·H·W,classes] */
function pixelsOf(scores: Value): Value {
  const [examples = 1, classes = 1, height = 1, width = 1] = scores.shape;
  return g.reshape(g.transpose(scores, [0, 2, 3, 1]), [examples * height * width, classes]);
}
