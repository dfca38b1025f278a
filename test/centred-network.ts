/**
 * A network with a running mean of what goes into it, as batch norm has one without its variance, and a counter of its steps:
 * what roles of tensors are tried on.
 */
import * as g from '../src/engine/graph/build.js';
import { zeros } from '../src/engine/nn/layers/initializers.js';
import { dense } from '../src/engine/nn/layers/layers.js';
import type { Network } from '../src/engine/nn/layers/network.js';

export const MOMENTUM = 0.1;

/** x − the running mean of x, by examples. */
export const centred =
  (classes: number): Network =>
  (scope, images) => {
    const x = g.flatten(images);
    const features = x.shape[1] as number;
    const mean = scope.statistic('norm.running_mean', [features], zeros);
    const steps = scope.statistic('norm.num_batches_tracked', [1], zeros);
    if (scope.training !== undefined) {
      const weights = g.reshape(scope.training.weights, [x.shape[0] as number, 1]);
      const sum = g.reduceSum(g.mul(x, weights), [0]);
      const batchMean = g.div(sum, g.reduceSum(weights));
      scope.update('norm.running_mean', g.add(g.mul(mean, 1 - MOMENTUM), g.mul(batchMean, MOMENTUM)));
      scope.update('norm.num_batches_tracked', g.add(steps, 1));
    }
    const hidden = g.relu(dense(scope.in('body'), g.sub(x, mean), 5));
    return dense(scope.in('head'), hidden, classes);
  };
