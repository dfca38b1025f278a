/**
 * The network of Lee 2021 (doi 10.9708/jksci.2021.26.12.069): two convolutions with 128 and 64
 * maps, each followed by 2×2 max-pooling, and one dense layer. Same padding and relu; the kernel is
 * 3×3 or 5×5.
 */
import { flatten, maxPool2d, relu } from '../../graph/build.js';
import { conv2d, dense, dropout } from '../layers/layers.js';
import type { Network } from '../layers/network.js';

export const paperCnn =
  ({ classes = 10, kernel = 3, dropout: rate = 0 } = {}): Network =>
  (scope, images) => {
    const padding = (kernel - 1) / 2;
    let x = conv2d(scope.in('conv1'), images, { filters: 128, kernel, padding });
    x = maxPool2d(relu(x), { kernel: 2 });
    x = conv2d(scope.in('conv2'), x, { filters: 64, kernel, padding });
    x = maxPool2d(relu(x), { kernel: 2 });
    return dense(scope.in('fc'), dropout(scope, flatten(x), rate), classes);
  };
