/** Pictures of nothing: for tests to which it does not matter what is learnt. */

import { randomStream } from '../src/base/random.js';
import { imageDataset } from '../src/data/images/image-dataset.js';

/** 60 images of 4×4 in two classes; those of one name are always the same. */
export function noise(name: string) {
  const random = randomStream(3, name);
  return imageDataset({
    name,
    images: Uint8Array.from({ length: 60 * 16 }, () => random.integer(256)),
    labels: Uint8Array.from({ length: 60 }, (_, index) => index % 2),
    channels: 1,
    height: 4,
    width: 4,
    classNames: ['a', 'b'],
  });
}

/** Images of `side`×`side` in three classes, with random labels. */
export function labelledNoise(examples: number, side: number) {
  const random = randomStream(1, 'pictures');
  return imageDataset({
    name: 'noise',
    images: Uint8Array.from({ length: examples * side * side }, () => random.integer(256)),
    labels: Uint8Array.from({ length: examples }, () => random.integer(3)),
    channels: 1,
    height: side,
    width: side,
    classNames: ['a', 'b', 'c'],
  });
}
