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

export interface BatchNormOptions {
  /** [C] */
  readonly scale: Value;
  readonly shift: Value;
  /** The running ones, [C]. */
  readonly mean: Value;
  readonly variance: Value;
  readonly epsilon: number;
  /** In training: moves the running ones by the batch; undefined where they stay as they are. */
  readonly moving?: MovingStatistics | undefined;
}

export interface MovingStatistics {
  /** How many batches have been seen, []. */
  readonly batches: Value;
  /** How far the running ones move to those of the batch. */
  readonly momentum: number;
  /** The names of the three statistics in the scope. */
  readonly names: Readonly<Record<'mean' | 'variance' | 'batches', string>>;
}

/**
 * x [N,C,…] → the same shape, with `weight`, `bias`, `running_mean` and `running_var` [C], and
 * `num_batches_tracked` [].
 */
export function batchNorm(scope: Scope, x: Value): Value {
  const channels = [x.shape[1] ?? 1];
  const names = { mean: 'running_mean', variance: 'running_var', batches: 'num_batches_tracked' };
  return normalizeByBatch(scope, x, {
    scale: scope.parameter('weight', channels, ones),
    shift: scope.parameter('bias', channels, zeros),
    mean: scope.statistic(names.mean, channels, zeros),
    variance: scope.statistic(names.variance, channels, ones),
    moving: { batches: scope.statistic(names.batches, [], zeros), momentum: 0.1, names },
    epsilon: 1e-5,
  });
}

/** Batch norm by tensors that the caller has asked for. */
export function normalizeByBatch(scope: Scope, x: Value, options: BatchNormOptions): Value {
  const { mean, variance, scale, shift, moving, epsilon } = options;
  const { training } = scope;
  if (training !== undefined && moving !== undefined) {
    return byOwnBatch(scope, training, x, { ...options, ...moving });
  }
  const along = (vector: Value) =>
    g.reshape(
      vector,
      x.shape.map((_, axis) => (axis === 1 ? (vector.shape[0] ?? 1) : 1)),
    );
  const normalized = g.div(g.sub(x, along(mean)), along(g.sqrt(g.add(variance, epsilon))));
  return g.add(g.mul(normalized, along(scale)), along(shift));
}

/** By mean and variance of the batch; the running ones are moved to them. */
function byOwnBatch(
  scope: Scope,
  { weights }: TrainingMode,
  x: Value,
  options: BatchNormOptions & MovingStatistics,
): Value {
  const { scale, shift, epsilon, momentum, names, batches } = options;
  const [examples = 1, channels = 1, ...places] = x.shape;
  const grid = g.reshape(x, [examples, channels, places[0] ?? 1, sizeOf(places.slice(1))]);
  const counted = g.mul(g.reduceSum(weights), sizeOf(places));
  const count = g.atLeast(counted, 1);
  const shares = g.div(weights, count);
  // Over the places first: then an example's share multiplies few numbers.
  const meanOf = (values: Value) =>
    g.reduceSum(g.mul(g.reduceSum(values, [2, 3]), g.reshape(shares, [examples, 1])), [0]);
  const batchMean = meanOf(grid);
  const centred = g.sub(grid, g.reshape(batchMean, [1, channels, 1, 1]));
  const batchVariance = meanOf(g.mul(centred, centred));
  const isEnough = g.greater(counted, 1);
  const moved = (from: Value, to: Value) =>
    g.where(isEnough, g.add(g.mul(from, 1 - momentum), g.mul(to, momentum)), from);
  // The variance of the batch is divided by n, the running one by n − 1.
  const unbiased = g.mul(batchVariance, g.div(count, g.atLeast(g.sub(count, 1), 1)));
  scope.update(names.mean, moved(options.mean, batchMean));
  scope.update(names.variance, moved(options.variance, unbiased));
  scope.update(names.batches, g.add(batches, isEnough));
  const variance = g.where(isEnough, batchVariance, options.variance);
  const normalized = g.normalizedByShares(grid, {
    mean: g.where(isEnough, batchMean, options.mean),
    inverse: g.div(1, g.sqrt(g.add(variance, epsilon))),
    scale,
    shift,
    shares: g.mul(shares, isEnough),
  });
  return g.reshape(normalized, x.shape);
}
