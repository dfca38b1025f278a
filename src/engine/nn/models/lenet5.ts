/**
 * LeNet-5 (LeCun et al. 1998, "Gradient-based learning applied to document recognition"), for
 * images of 28×28.
 */
import { averagePool2d, flatten, tanh } from '../../graph/build.js';
import { conv2d, dense } from '../layers/layers.js';
import type { Network } from '../layers/network.js';

export const lenet5 =
  ({ classes = 10 } = {}): Network =>
  (scope, images) => {
    let x = tanh(conv2d(scope.in('conv1'), images, { filters: 6, kernel: 5, padding: 2 }));
    x = averagePool2d(x, { kernel: 2 });
    x = tanh(conv2d(scope.in('conv2'), x, { filters: 16, kernel: 5 }));
    x = flatten(averagePool2d(x, { kernel: 2 }));
    x = tanh(dense(scope.in('fc1'), x, 120));
    x = tanh(dense(scope.in('fc2'), x, 84));
    return dense(scope.in('fc3'), x, classes);
  };
