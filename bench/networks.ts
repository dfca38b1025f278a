/**
 * The networks that are measured, each with the shape of its images and what one of them costs to
 * train on.
 */

import { add, input, reduceMean, reshape } from '../src/engine/graph/build.js';
import { topologicalOrder, type Value } from '../src/engine/graph/value.js';
import { encoderLayer } from '../src/engine/nn/layers/attention.js';
import { normal } from '../src/engine/nn/layers/initializers.js';
import { dense } from '../src/engine/nn/layers/layers.js';
import {
  applyNetwork,
  layoutOf,
  type Network,
  parametersOf,
  type Scope,
} from '../src/engine/nn/layers/network.js';
import { gru, lstm, type RecurrentLayer, type RecurrentResult } from '../src/engine/nn/layers/recurrent.js';
import { lenet5 } from '../src/engine/nn/models/lenet5.js';
import { mlp } from '../src/engine/nn/models/mlp.js';
import { onPixels, pixels } from '../src/engine/nn/models/normalize-pixels.js';
import { paperCnn } from '../src/engine/nn/models/paper-cnn.js';
import { resnet8 } from '../src/engine/nn/models/resnet8.js';
import { sgd } from '../src/engine/nn/optimizers.js';
import { compilePlan, type Plan } from '../src/engine/nn/plan.js';
import { classification } from '../src/engine/nn/tasks/classification.js';
import { type Shape, sizeOf } from '../src/tensor/shape.js';
import { efficientnetB0, mobilenetV3Small, resnet18 } from './vision-networks.js';

interface MeasuredNetwork {
  /** Of bytes. */
  readonly network: Network;
  /** [C,H,W]. */
  readonly imageShape: Shape;
}

const GREY = [1, 28, 28];
/** Rows of 64 pixels, which a recurrent network reads one after the other. */
const SEQUENCE = [1, 128, 64];
const PICTURE = [3, 64, 64];

/** The rows of a picture as a sequence: the last hidden state of 256 units, and a dense layer. */
const recurrent =
  (layer: (scope: Scope, x: Value, options: RecurrentLayer) => RecurrentResult): Network =>
  (scope, images) => {
    const [n = 1, , rows = 1, columns = 1] = images.shape;
    const { hidden } = layer(scope.in('rnn'), reshape(images, [n, rows, columns]), { hidden: 256 });
    return dense(scope.in('fc'), hidden[0] as Value, 10);
  };

/** The rows of a picture as tokens of 256 numbers: four layers of four heads, and their mean. */
const transformer: Network = (scope, images) => {
  const [n = 1, , rows = 1, columns = 1] = images.shape;
  const tokens = dense(scope.in('embed'), reshape(images, [n, rows, columns]), 256);
  const places = scope.parameter('position', [rows, 256], normal(0, 0.02));
  const encoded = [0, 1, 2, 3].reduce(
    (x, layer) => {
      const own = scope.in('encoder').in('layers').in(String(layer));
      return encoderLayer(own, x, { heads: 4, feedForward: 1024 });
    },
    add(tokens, places),
  );
  return dense(scope.in('fc'), reduceMean(encoded, [1]), 10);
};

const networks = {
  'paper-cnn': { network: onPixels(paperCnn()), imageShape: GREY },
  lenet5: { network: onPixels(lenet5()), imageShape: GREY },
  mlp: { network: onPixels(mlp()), imageShape: GREY },
  resnet8: { network: onPixels(resnet8()), imageShape: [3, 32, 32] },
  lstm: { network: onPixels(recurrent(lstm)), imageShape: SEQUENCE },
  gru: { network: onPixels(recurrent(gru)), imageShape: SEQUENCE },
  transformer: { network: onPixels(transformer), imageShape: [1, 64, 64] },
  resnet18: { network: onPixels(resnet18), imageShape: PICTURE },
  mobilenet: { network: onPixels(mobilenetV3Small), imageShape: PICTURE },
  efficientnet: { network: onPixels(efficientnetB0), imageShape: PICTURE },
} as const satisfies Record<string, MeasuredNetwork>;

export type NetworkName = keyof typeof networks;
export const networkNames = Object.keys(networks) as readonly NetworkName[];

export const isNetworkName = (name: string): name is NetworkName => name in networks;
export const imageShapeOf = (name: NetworkName): Shape => networks[name].imageShape;
const inputsOf = (name: NetworkName) => [pixels(imageShapeOf(name))];

export const LEARNING_RATE = 0.005;
export const MOMENTUM = 0.9;

/** The plan that a federation of this network has, with SGD. */
export function planOf(name: NetworkName, batchSize: number, partBytes?: number): Plan {
  const optimizer = sgd({ momentum: MOMENTUM });
  const { network } = networks[name];
  const task = classification({ classes: 10 });
  return compilePlan({ network, inputs: inputsOf(name), task, optimizer, batchSize, partBytes });
}

export const parametersOfNetwork = (name: NetworkName) =>
  parametersOf(networks[name].network, inputsOf(name));

/**
 * Logits of so many images: a graph over the input "images" and one for every parameter, by its
 * name.
 */
export function logitsOf(name: NetworkName, batchSize: number): Value {
  const images = input('images', [batchSize, ...imageShapeOf(name)]);
  const layout = layoutOf(parametersOfNetwork(name));
  const weights = layout.map((entry) => input(entry.name, entry.shape));
  return applyNetwork(networks[name].network, layout, weights, [images]);
}

/**
 * Floating-point operations of a training step for one image, in convolutions and dense layers,
 * done directly: the layer, the gradient of its weights and that of its input, which the first
 * layer does not need.
 */
export function trainingFlops(name: NetworkName): number {
  const products = topologicalOrder([logitsOf(name, 1)])
    .map(multiplications)
    .filter((count) => count > 0);
  return 2 * products.reduce((sum, count, layer) => sum + (layer === 0 ? 2 : 3) * count, 0);
}

function multiplications({ op, shape, inputs }: Value): number {
  const [left, right] = inputs;
  if (left === undefined || right === undefined) return 0;
  if (op === 'conv2d') return sizeOf(shape) * sizeOf(right.shape.slice(1));
  if (op === 'matmul') return sizeOf(shape) * (left.shape.at(-1) ?? 0);
  return 0;
}
