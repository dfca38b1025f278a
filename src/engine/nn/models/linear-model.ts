/**
 * Logistic and linear regression: one dense layer. With softmax cross-entropy it is multinomial
 * logistic regression, with the mean squared error linear regression. Its weights begin at 0: the
 * losses are convex, so there is one best model, and no start is better.
 */
import { flatten } from '../../graph/build.js';
import { zeros } from '../layers/initializers.js';
import { dense } from '../layers/layers.js';
import type { Network } from '../layers/network.js';

/** @param classes the number of outputs */
export const linearModel =
  ({ classes = 2 } = {}): Network =>
  (scope, input) =>
    dense(scope.in('fc'), flatten(input), classes, { initializer: zeros, biasInitializer: zeros });
