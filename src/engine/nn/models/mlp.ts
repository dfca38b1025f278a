/** A multilayer perceptron: dense layers with relu between them. */
import { flatten, relu } from '../../graph/build.js';
import { dense, dropout } from '../layers/layers.js';
import type { Network } from '../layers/network.js';

export const mlp =
  ({ classes = 10, hidden = [256, 128] as readonly number[], dropout: rate = 0 } = {}): Network =>
  (scope, input) => {
    let x = flatten(input);
    hidden.forEach((units, index) => {
      x = dropout(scope, relu(dense(scope.in(`fc${index + 1}`), x, units)), rate);
    });
    return dense(scope.in(`fc${hidden.length + 1}`), x, classes);
  };
