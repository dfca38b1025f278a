/**
 * Batch norm (Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167), with the semantics and the
 * names of PyTorch's BatchNorm:
 *
 *     y = (x − mean)/√(variance + ε)·weight + bias
 *
 * In training, mean and variance are those of the batch for each channel; empty places of the batch
 * count for nothing. The running ones move to them by `momentum`, and evaluation takes these. A
 * batch with one value for each channel has no variance. It is normalized by the running values,
 * and does not move them; PyTorch refuses such a batch.
 */
import { sizeOf } from '../../../tensor/shape.js';
import * as g from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import { ones, zeros } from './initializers.js';
import type { Scope, TrainingMode } from './network.js';

const MOMENTUM = 0.1;
const EPSILON = 1e-5;

/**
 * x [N,C,…] → the same shape, with `weight`, `bias`, `running_mean` and `running_var` [C], and
 * `num_batches_tracked` [].
 */
export function batchNorm(scope: Scope, x: Value): Value {
  const channels = [x.shape[1] ?? 1];
  const scale = scope.parameter('weight', channels, ones);
  const shift = scope.parameter('bias', channels, zeros);
  const running = {
    mean: scope.statistic('running_mean', channels, zeros),
    variance: scope.statistic('running_var', channels, ones),
  };
  const batches = scope.statistic('num_batches_tracked', [], zeros);
  const { mean, variance } =
    scope.training === undefined ? running : movedBy(scope, scope.training, x, { ...running, batches });
  const along = (vector: Value) =>
    g.reshape(
      vector,
      x.shape.map((_, axis) => (axis === 1 ? (channels[0] ?? 1) : 1)),
    );
  const normalized = g.div(g.sub(x, along(mean)), along(g.sqrt(g.add(variance, EPSILON))));
  return g.add(g.mul(normalized, along(scale)), along(shift));
}

interface Running {
  readonly mean: Value;
  readonly variance: Value;
  readonly batches: Value;
}

/** Mean and variance of the batch, [C]; the running ones are moved to them. */
function movedBy(scope: Scope, { weights }: TrainingMode, x: Value, running: Running) {
  const [examples = 1, channels = 1, ...places] = x.shape;
  const axes = x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const weight = g.reshape(weights, [examples, ...x.shape.slice(1).map(() => 1)]);
  const counted = g.mul(g.reduceSum(weights), sizeOf(places));
  const count = g.atLeast(counted, 1);
  const meanOf = (values: Value) => g.div(g.reduceSum(g.mul(values, weight), axes, true), count);
  const mean = meanOf(x);
  const centred = g.sub(x, mean);
  const batch = {
    mean: g.reshape(mean, [channels]),
    variance: g.reshape(meanOf(g.mul(centred, centred)), [channels]),
  };
  const isEnough = g.greater(counted, 1);
  const moved = (from: Value, to: Value) =>
    g.where(isEnough, g.add(g.mul(from, 1 - MOMENTUM), g.mul(to, MOMENTUM)), from);
  // The variance of the batch is divided by n, the running one by n − 1.
  const unbiased = g.mul(batch.variance, g.div(count, g.atLeast(g.sub(count, 1), 1)));
  scope.update('running_mean', moved(running.mean, batch.mean));
  scope.update('running_var', moved(running.variance, unbiased));
  scope.update('num_batches_tracked', g.add(running.batches, isEnough));
  return {
    mean: g.where(isEnough, batch.mean, running.mean),
    variance: g.where(isEnough, batch.variance, running.variance),
  };
}
