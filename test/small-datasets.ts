/**
 * Small data sets of other kinds than pictures with classes: numbers of a table, tokens with a
 * category, and pictures with a mask of their pixels; with networks for the last two. The examples
 * of each are drawn from a given stream.
 */
import type { RandomStream } from '../src/base/random.js';
import { arrayDataset } from '../src/data/arrays/array-dataset.js';
import * as g from '../src/engine/graph/build.js';
import { conv2d, dense, embedding } from '../src/engine/nn/layers/layers.js';
import type { Network } from '../src/engine/nn/layers/network.js';
import { onPixels } from '../src/engine/nn/models/normalize-pixels.js';

/** The distance is 2a − b + 1 of two features, with a little noise. */
export function distanceSet(examples: number, random: RandomStream) {
  const features = Float32Array.from({ length: 2 * examples }, () => random.normal());
  return arrayDataset({
    name: 'distances',
    inputs: [{ name: 'features', values: features, shape: [2] }],
    targets: [
      {
        name: 'distance',
        values: Float32Array.from(
          { length: examples },
          (_, i) => 2 * features[2 * i]! - features[2 * i + 1]! + 1 + 0.1 * random.normal(),
        ),
        meaning: { kind: 'number', unit: 'km' },
      },
    ],
  });
}

const LENGTH = 5;
export const VOCABULARY = 6;

/** The category is the token that the sentence begins with, of three. */
export function sentenceSet(examples: number, random: RandomStream) {
  const tokens = Int32Array.from({ length: LENGTH * examples }, (_, i) =>
    i % LENGTH === 0 ? random.integer(3) : 3 + random.integer(VOCABULARY - 3),
  );
  const meaning = { kind: 'tokens', vocabulary: VOCABULARY } as const;
  return arrayDataset({
    name: 'sentences',
    inputs: [{ name: 'tokens', values: tokens, shape: [LENGTH], meaning }],
    targets: [
      {
        name: 'kind',
        values: tokens.filter((_, i) => i % LENGTH === 0),
        meaning: { kind: 'categories', names: ['question', 'order', 'wish'] },
      },
    ],
  });
}

export const reader: Network = (scope, tokens) => {
  const words = embedding(scope.in('words'), tokens, { vocabulary: VOCABULARY, features: 4 });
  return dense(scope.in('fc'), g.reduceMean(words, [1]), 3);
};

export const SIDE = 4;
export const IGNORED = 255;

/** Bright pixels are things, dark ones ground; the last row of every picture is nobody's to say. */
export function maskSet(examples: number, random: RandomStream) {
  const images = Uint8Array.from({ length: SIDE * SIDE * examples }, () => random.integer(256));
  return arrayDataset({
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
}

/** Two scores for each pixel. */
export const segmenter = onPixels((scope, x) =>
  conv2d(scope.in('conv'), x, { filters: 2, kernel: 3, padding: 1 }),
);
