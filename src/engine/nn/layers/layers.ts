/** Layers: each is an operation with the parameters it asks its scope for, named as in PyTorch. */
import { sizeOf } from '../../../tensor/shape.js';
import * as g from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import { fanInUniform, fans, type Initializer, normal, ones, zeros } from './initializers.js';
import type { Scope } from './network.js';

export interface ConvolutionLayer {
  readonly filters: number;
  readonly kernel: number;
  readonly strides?: number;
  /** Zeros on each side; (kernel − 1)/2 keeps the size at stride 1. */
  readonly padding?: number;
  readonly groups?: number;
  readonly bias?: boolean;
  readonly initializer?: Initializer;
}

/**
 * x [N,C,H,W] → [N,filters,H',W'], with `weight` [filters, C/groups, kernel, kernel] and `bias`
 * [filters].
 */
export function conv2d(scope: Scope, x: Value, layer: ConvolutionLayer): Value {
  const { filters, kernel, strides = 1, padding = 0, groups = 1, bias = true, initializer } = layer;
  const shape = [filters, (x.shape[1] ?? 1) / groups, kernel, kernel];
  const { fanIn } = fans(shape);
  const weight = scope.parameter('weight', shape, initializer ?? fanInUniform(fanIn));
  const offset = bias ? scope.parameter('bias', [filters], fanInUniform(fanIn)) : undefined;
  return g.conv2d(x, weight, offset, { strides, padding, groups });
}

/**
 * A convolution along the last axis of x [N,C,1,L] → [N,filters,1,L'], with PyTorch's `weight`
 * [filters, C, kernel] and `bias` [filters]. Signals have an axis of extent 1, so that layers after
 * each other need no reshape between them.
 */
export function conv1d(
  scope: Scope,
  x: Value,
  { filters, kernel, padding = 0 }: Pick<ConvolutionLayer, 'filters' | 'kernel' | 'padding'>,
): Value {
  const shape = [filters, x.shape[1] ?? 1, kernel];
  const { fanIn } = fans(shape);
  const weight = scope.parameter('weight', shape, fanInUniform(fanIn));
  const bias = scope.parameter('bias', [filters], fanInUniform(fanIn));
  const kernels = g.reshape(weight, [filters, x.shape[1] ?? 1, 1, kernel]);
  return g.conv2d(x, kernels, bias, { padding: { top: 0, left: padding, bottom: 0, right: padding } });
}

/**
 * x [N, …, inputs] → x·weightᵀ + bias [N, …, units], with `weight` [units, inputs] and `bias`
 * [units].
 */
export function dense(
  scope: Scope,
  x: Value,
  units: number,
  options: { initializer?: Initializer; biasInitializer?: Initializer } = {},
): Value {
  const inputs = x.shape.at(-1) ?? 1;
  const { initializer = fanInUniform(inputs), biasInitializer = fanInUniform(inputs) } = options;
  const weight = scope.parameter('weight', [units, inputs], initializer);
  const bias = scope.parameter('bias', [units], biasInitializer);
  const places = x.shape.slice(0, -1);
  const rows = g.reshape(x, [sizeOf(places), inputs]);
  return g.reshape(g.add(g.matmul(rows, weight, { transposeB: true }), bias), [...places, units]);
}

/**
 * tokens i32 [N,…] → the row of `weight` [vocabulary, features] for each token, [N,…,features].
 * Initial weights are normal, as in PyTorch.
 */
export function embedding(
  scope: Scope,
  tokens: Value,
  { vocabulary, features }: { readonly vocabulary: number; readonly features: number },
): Value {
  return g.gather(scope.parameter('weight', [vocabulary, features], normal(0, 1)), tokens);
}

/** Group norm of x [N,C,H,W], with `weight` and `bias` [C]. */
export function groupNorm(scope: Scope, x: Value, groups: number): Value {
  const channels = [x.shape[1] ?? 1];
  return g.groupNorm(
    x,
    groups,
    scope.parameter('weight', channels, ones),
    scope.parameter('bias', channels, zeros),
  );
}

/** Layer norm of x over its last axis, with `weight` and `bias` of that size. */
export function layerNorm(scope: Scope, x: Value): Value {
  const features = [x.shape.at(-1) ?? 1];
  return g.layerNorm(x, scope.parameter('weight', features, ones), scope.parameter('bias', features, zeros));
}

/** Inverted dropout in training, the identity in evaluation. */
export function dropout(scope: Scope, x: Value, rate: number): Value {
  const stream = scope.nextStream();
  if (scope.training === undefined || rate === 0) return x;
  return g.dropout(x, rate, scope.training.keys, stream);
}
