/**
 * A small convolutional network for signals of any length from 4: three convolutions along time
 * with relu, max-pooled after the first two, the mean over time, and a dense layer.
 */
import { formatShape } from '../../../tensor/shape.js';
import { flatten, globalAveragePool, maxPool2d, relu, reshape } from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import { conv1d, dense } from '../layers/layers.js';
import { type Network, NetworkError } from '../layers/network.js';

/** Input [channels, length], or [length] for one channel. */
export const cnn1d =
  ({ classes = 2 } = {}): Network =>
  (scope, signals) => {
    let x = conv1d(scope.in('conv1'), asImages(signals), { filters: 32, kernel: 7, padding: 3 });
    x = maxPool2d(relu(x), { kernel: [1, 2] });
    x = conv1d(scope.in('conv2'), x, { filters: 64, kernel: 5, padding: 2 });
    x = maxPool2d(relu(x), { kernel: [1, 2] });
    x = relu(conv1d(scope.in('conv3'), x, { filters: 64, kernel: 3, padding: 1 }));
    return dense(scope.in('fc'), flatten(globalAveragePool(x)), classes);
  };

/** [N,C,L] or [N,L] → images of height 1, [N,C,1,L]. */
function asImages(signals: Value): Value {
  const [examples = 1, ...shape] = signals.shape;
  const [channels, length] = shape.length === 1 ? [1, ...shape] : shape;
  if (shape.length <= 2 && channels !== undefined && length !== undefined && length >= 4) {
    return reshape(signals, [examples, channels, 1, length]);
  }
  throw new NetworkError(
    `network: cnn1d reads signals [channels, length] or [length], of a length from 4, got ${formatShape(shape)}`,
  );
}
