/**
 * A residual network for tables (Gorishniy et al. 2021, "Revisiting Deep Learning Models for
 * Tabular Data", https://arxiv.org/abs/2106.11959, section 3.2):
 *
 *     ResNet(x) = fc(relu(norm(block(… block(input(x))))))
 *     block(x)  = x + fc2(dropout(relu(fc1(norm(x)))))
 */
import { add, flatten, relu } from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import { dense, dropout } from '../layers/layers.js';
import type { Network, Scope } from '../layers/network.js';
import { type Norm, normalize } from '../layers/norm.js';

export interface TabularResnetSettings {
  /** The number of outputs. */
  readonly classes?: number;
  /** The width of the residual stream. */
  readonly width?: number;
  /** The width within a block. */
  readonly hidden?: number;
  readonly blocks?: number;
  readonly dropout?: number;
  readonly norm?: Norm;
}

export const tabularResnet =
  (settings: TabularResnetSettings = {}): Network =>
  (scope, input) => {
    const { classes = 2, width = 128, hidden = 2 * width, blocks = 2, norm = 'batch' } = settings;
    let x = dense(scope.in('input'), flatten(input), width);
    for (let index = 0; index < blocks; index++) {
      const block = scope.in(`blocks.${index}`);
      x = add(x, residual(block, x, { hidden, norm, rate: settings.dropout ?? 0 }));
    }
    return dense(scope.in('fc'), relu(normalize(scope.in('norm'), x, norm)), classes);
  };

interface BlockSettings {
  readonly hidden: number;
  readonly norm: Norm;
  readonly rate: number;
}

function residual(scope: Scope, x: Value, { hidden, norm, rate }: BlockSettings): Value {
  const y = relu(dense(scope.in('fc1'), normalize(scope.in('norm'), x, norm), hidden));
  return dense(scope.in('fc2'), dropout(scope, y, rate), x.shape[1] ?? 1);
}
