/**
 * Small data sets of other kinds than pictures with classes, each with a network and a task: numbers
 * of a table, counts, tokens with a category, and pictures with a mask of their pixels.
 */
import { poisson } from '../examples/own-task.js';
import { randomStream } from '../src/base/random.js';
import { arrayDataset } from '../src/data/arrays/array-dataset.js';
import type { Dataset } from '../src/data/dataset.js';
import * as g from '../src/engine/graph/build.js';
import { conv2d, dense, embedding } from '../src/engine/nn/layers/layers.js';
import type { Network } from '../src/engine/nn/layers/network.js';
import { mlp } from '../src/engine/nn/models/mlp.js';
import { onPixels } from '../src/engine/nn/models/normalize-pixels.js';
import type { Extensions } from '../src/federation/plan/extensions.js';
import type { ConfigurationInput } from '../src/protocol/configuration/configuration.js';
import { segmentation } from './segmentation.js';

const EXAMPLES = 60;
const random = randomStream('any task over a hub');
const features = Float32Array.from({ length: 2 * EXAMPLES }, () => random.normal());
const inputs = [{ name: 'features', values: features, shape: [2] }];
const numbers = (of: (a: number, b: number) => number) =>
  Float32Array.from({ length: EXAMPLES }, (_, i) =>
    of(features[2 * i] as number, features[2 * i + 1] as number),
  );
const distances = arrayDataset({
  name: 'distances',
  inputs,
  targets: [
    {
      name: 'distance',
      values: numbers((a, b) => 2 * a - b + 1 + 0.1 * random.normal()),
      meaning: { kind: 'number', unit: 'km' },
    },
  ],
});
export const counts = arrayDataset({
  name: 'counts',
  inputs,
  targets: [{ name: 'count', values: numbers((a) => Math.max(0, Math.round(Math.exp(a)))) }],
});

const LENGTH = 5;
export const VOCABULARY = 6;
export const tokens = Int32Array.from({ length: LENGTH * EXAMPLES }, (_, i) =>
  i % LENGTH === 0 ? random.integer(3) : 3 + random.integer(VOCABULARY - 3),
);
/** The category is the token that the sentence begins with, of three. */
export const sentences = arrayDataset({
  name: 'sentences',
  inputs: [
    { name: 'tokens', values: tokens, shape: [LENGTH], meaning: { kind: 'tokens', vocabulary: VOCABULARY } },
  ],
  targets: [
    {
      name: 'kind',
      values: Int32Array.from({ length: EXAMPLES }, (_, i) => tokens[LENGTH * i] as number),
      meaning: { kind: 'categories', names: ['question', 'order', 'wish'] },
    },
  ],
});
export const reader: Network = (scope, tokens) => {
  const words = embedding(scope.in('words'), tokens, { vocabulary: VOCABULARY, features: 4 });
  return dense(scope.in('fc'), g.reduceMean(words, [1]), 3);
};

/** Bright pixels are things, dark ones ground; the last row of every picture is nobody's to say. */
const [SIDE, IGNORED] = [4, 255];
const images = Uint8Array.from({ length: SIDE * SIDE * EXAMPLES }, () => random.integer(256));
const masks = arrayDataset({
  name: 'masks',
  inputs: [{ name: 'images', values: images, shape: [1, SIDE, SIDE], meaning: { kind: 'picture' } }],
  targets: [
    {
      name: 'mask',
      values: images.map((byte, i) => (i % 16 >= 12 ? IGNORED : Number(byte > 127))),
      shape: [SIDE, SIDE],
      meaning: { kind: 'categories', names: ['ground', 'thing'], ignored: IGNORED },
    },
  ],
});

export interface OwnTaskCase {
  readonly dataset: Dataset;
  readonly settings: Partial<ConfigurationInput>;
  /** What coordinator and participants bring. */
  readonly extensions: Extensions;
  /** Of the task, the main one. */
  readonly metric: string;
}

export const ownTasks: Readonly<Record<string, OwnTaskCase>> = {
  'numbers of a table, and a number': {
    dataset: distances,
    settings: { task: { name: 'regression', unit: 'km' }, model: { name: 'mlp', hidden: [4] } },
    extensions: {},
    metric: 'rmse',
  },
  'tokens, and a category': {
    dataset: sentences,
    settings: {},
    extensions: { network: reader },
    metric: 'accuracy',
  },
  'a task of one’s own': {
    dataset: counts,
    settings: {},
    extensions: { network: mlp({ classes: 1, hidden: [4] }), task: poisson },
    metric: 'deviance',
  },
  'pictures, and a mask of their pixels': {
    dataset: masks,
    settings: {},
    extensions: {
      network: onPixels((scope, x) => conv2d(scope.in('conv'), x, { filters: 2, kernel: 3, padding: 1 })),
      task: segmentation(2, SIDE),
    },
    metric: 'iou',
  },
};
