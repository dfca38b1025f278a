/**
 * A small residual network (He et al. 2016, https://arxiv.org/abs/1512.03385) with the widths of
 * MLPerf Tiny's ResNet-8: one basic block each of 16, 32 and 64. It has group norm where the
 * original has batch norm: so the state has no running statistics, which must not be averaged like
 * weights.
 */
import { add, flatten, globalAveragePool, relu } from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import { conv2d, dense, groupNorm } from '../layers/layers.js';
import type { Network, Scope } from '../layers/network.js';

const GROUPS = 8;

export const resnet8 =
  ({ classes = 10 } = {}): Network =>
  (scope, images) => {
    let x = conv2d(scope.in('conv1'), images, { filters: 16, kernel: 3, padding: 1, bias: false });
    x = relu(groupNorm(scope.in('norm1'), x, GROUPS));
    x = basicBlock(scope.in('layer1'), x, 16, 1);
    x = basicBlock(scope.in('layer2'), x, 32, 2);
    x = basicBlock(scope.in('layer3'), x, 64, 2);
    return dense(scope.in('fc'), flatten(globalAveragePool(x)), classes);
  };

function basicBlock(scope: Scope, x: Value, filters: number, strides: number): Value {
  let y = conv2d(scope.in('conv1'), x, { filters, kernel: 3, padding: 1, strides, bias: false });
  y = relu(groupNorm(scope.in('norm1'), y, GROUPS));
  y = conv2d(scope.in('conv2'), y, { filters, kernel: 3, padding: 1, bias: false });
  y = groupNorm(scope.in('norm2'), y, GROUPS);
  return relu(add(y, strides === 1 ? x : downsample(scope.in('downsample'), x, filters, strides)));
}

function downsample(scope: Scope, x: Value, filters: number, strides: number): Value {
  const shortcut = conv2d(scope.in('conv'), x, { filters, kernel: 1, strides, bias: false });
  return groupNorm(scope.in('norm'), shortcut, GROUPS);
}
