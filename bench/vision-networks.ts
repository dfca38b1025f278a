/**
 * Networks for pictures that people bring from torchvision, under its names for their parameters:
 * ResNet-18 (He et al. 2016, arXiv 1512.03385), MobileNetV3-Small (Howard et al. 2019, arXiv
 * 1905.02244) and EfficientNet-B0 (Tan and Le 2019, arXiv 1905.11946). Without dropout, so that
 * their losses are PyTorch's.
 */
import * as g from '../src/engine/graph/build.js';
import { hardSigmoid, hardSwish } from '../src/engine/graph/compose.js';
import type { Value } from '../src/engine/graph/value.js';
import { batchNorm } from '../src/engine/nn/layers/batch-norm.js';
import { type ConvolutionLayer, conv2d, dense } from '../src/engine/nn/layers/layers.js';
import type { Network, Scope } from '../src/engine/nn/layers/network.js';

const CLASSES = 10;

type Activation = (x: Value) => Value;
const silu: Activation = (x) => g.mul(x, g.sigmoid(x));

const inOrder = (x: Value, parts: readonly ((x: Value) => Value)[]) => parts.reduce((y, part) => part(y), x);

export const resnet18: Network = (scope, images) => {
  const stem = { filters: 64, kernel: 7, strides: 2, padding: 3, bias: false };
  const x = g.relu(batchNorm(scope.in('bn1'), conv2d(scope.in('conv1'), images, stem)));
  const pooled = g.maxPool2d(x, { kernel: 3, strides: 2, padding: 1 });
  const blocks = [64, 128, 256, 512].flatMap((filters, stage) =>
    [0, 1].map((block) => {
      const strides = block === 0 && stage > 0 ? 2 : 1;
      const own = scope.in(`layer${stage + 1}`).in(String(block));
      return (y: Value) => basicBlock(own, y, filters, strides);
    }),
  );
  return dense(scope.in('fc'), g.flatten(g.globalAveragePool(inOrder(pooled, blocks))), CLASSES);
};

function basicBlock(scope: Scope, x: Value, filters: number, strides: number): Value {
  const layer = { filters, kernel: 3, padding: 1, bias: false };
  const first = batchNorm(scope.in('bn1'), conv2d(scope.in('conv1'), x, { ...layer, strides }));
  const y = batchNorm(scope.in('bn2'), conv2d(scope.in('conv2'), g.relu(first), layer));
  if (strides === 1) return g.relu(g.add(y, x));
  const down = scope.in('downsample');
  const shortcut = conv2d(down.in('0'), x, { filters, kernel: 1, strides, bias: false });
  return g.relu(g.add(y, batchNorm(down.in('1'), shortcut)));
}

/** A convolution without bias, which keeps the size but for its stride; batch norm; an activation. */
function normed(scope: Scope, x: Value, layer: ConvolutionLayer, activation: Activation = (y) => y): Value {
  const padding = (layer.kernel - 1) / 2;
  const y = conv2d(scope.in('0'), x, { padding, bias: false, ...layer });
  return activation(batchNorm(scope.in('1'), y));
}

interface InvertedResidual {
  readonly kernel: number;
  readonly expanded: number;
  readonly filters: number;
  readonly strides: number;
  readonly activation: Activation;
  /** Channels that weigh those of the image by what is in all of it (squeeze and excitation). */
  readonly squeezed?: number;
  readonly squeeze: Activation;
  readonly gate: Activation;
}

/** 1×1, depthwise, squeeze and excitation, 1×1; added to x where the shape is the same. */
function invertedResidual(scope: Scope, x: Value, block: InvertedResidual): Value {
  const { kernel, expanded, filters, strides, activation, squeezed, squeeze, gate } = block;
  const channels = x.shape[1] as number;
  const excited = (own: Scope, y: Value) => {
    const of = (name: string, image: Value, out: number) =>
      conv2d(own.in(name), image, { filters: out, kernel: 1 });
    const few = squeeze(of('fc1', g.globalAveragePool(y), squeezed as number));
    return g.mul(y, gate(of('fc2', few, expanded)));
  };
  const depthwise = { filters: expanded, kernel, strides, groups: expanded };
  const parts: ((own: Scope, y: Value) => Value)[] = [
    ...(expanded === channels
      ? []
      : [(own: Scope, y: Value) => normed(own, y, { filters: expanded, kernel: 1 }, activation)]),
    (own, y) => normed(own, y, depthwise, activation),
    ...(squeezed === undefined ? [] : [excited]),
    (own, y) => normed(own, y, { filters, kernel: 1 }),
  ];
  const result = inOrder(
    x,
    parts.map((part, at) => (y: Value) => part(scope.in('block').in(String(at)), y)),
  );
  return strides === 1 && filters === channels ? g.add(x, result) : result;
}

/** [kernel, expanded, filters, squeezed or 0, activation, strides] */
const mobileBlocks = [
  [3, 16, 16, 8, g.relu, 2],
  [3, 72, 24, 0, g.relu, 2],
  [3, 88, 24, 0, g.relu, 1],
  [5, 96, 40, 24, hardSwish, 2],
  [5, 240, 40, 64, hardSwish, 1],
  [5, 240, 40, 64, hardSwish, 1],
  [5, 120, 48, 32, hardSwish, 1],
  [5, 144, 48, 40, hardSwish, 1],
  [5, 288, 96, 72, hardSwish, 2],
  [5, 576, 96, 144, hardSwish, 1],
  [5, 576, 96, 144, hardSwish, 1],
] as const;

export const mobilenetV3Small: Network = (scope, images) => {
  const features = scope.in('features');
  const stem = normed(features.in('0'), images, { filters: 16, kernel: 3, strides: 2 }, hardSwish);
  const body = inOrder(
    stem,
    mobileBlocks.map(([kernel, expanded, filters, squeezed, activation, strides], at) => (x: Value) => {
      const shape = { kernel, expanded, filters, strides, activation, squeeze: g.relu, gate: hardSigmoid };
      const block = squeezed === 0 ? shape : { ...shape, squeezed };
      return invertedResidual(features.in(String(at + 1)), x, block);
    }),
  );
  const last = normed(features.in('12'), body, { filters: 576, kernel: 1 }, hardSwish);
  const classifier = scope.in('classifier');
  const hidden = hardSwish(dense(classifier.in('0'), g.flatten(g.globalAveragePool(last)), 1024));
  return dense(classifier.in('3'), hidden, CLASSES);
};

/** [expansion, kernel, strides, filters, layers] */
const efficientStages = [
  [1, 3, 1, 16, 1],
  [6, 3, 2, 24, 2],
  [6, 5, 2, 40, 2],
  [6, 3, 2, 80, 3],
  [6, 5, 1, 112, 3],
  [6, 5, 2, 192, 4],
  [6, 3, 1, 320, 1],
] as const;

export const efficientnetB0: Network = (scope, images) => {
  const features = scope.in('features');
  const stem = normed(features.in('0'), images, { filters: 32, kernel: 3, strides: 2 }, silu);
  const blocks = efficientStages.flatMap(([expansion, kernel, strides, filters, layers], stage) =>
    Array.from({ length: layers }, (_, layer) => (x: Value) => {
      const channels = x.shape[1] as number;
      return invertedResidual(features.in(String(stage + 1)).in(String(layer)), x, {
        kernel,
        expanded: expansion * channels,
        filters,
        strides: layer === 0 ? strides : 1,
        activation: silu,
        squeezed: Math.floor(channels / 4),
        squeeze: silu,
        gate: g.sigmoid,
      });
    }),
  );
  const last = normed(features.in('8'), inOrder(stem, blocks), { filters: 1280, kernel: 1 }, silu);
  return dense(scope.in('classifier').in('1'), g.flatten(g.globalAveragePool(last)), CLASSES);
};
