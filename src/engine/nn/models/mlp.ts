/** A multilayer perceptron: dense layers with relu between them, each normalized if asked for. */
import { flatten, relu } from '../../graph/build.js';
import { dense, dropout } from '../layers/layers.js';
import type { Network } from '../layers/network.js';
import { type Norm, normalize } from '../layers/norm.js';

export interface MlpSettings {
  /** The number of outputs. */
  readonly classes?: number;
  readonly hidden?: readonly number[];
  readonly dropout?: number;
  /** Before each relu; none by default. */
  readonly norm?: Norm | undefined;
}

export const mlp =
  ({ classes = 10, hidden = [256, 128], dropout: rate = 0, norm }: MlpSettings = {}): Network =>
  (scope, input) => {
    let x = flatten(input);
    hidden.forEach((units, index) => {
      x = dense(scope.in(`fc${index + 1}`), x, units);
      if (norm !== undefined) x = normalize(scope.in(`norm${index + 1}`), x, norm);
      x = dropout(scope, relu(x), rate);
    });
    return dense(scope.in(`fc${hidden.length + 1}`), x, classes);
  };
