/** Pictures of nothing, in two classes: for tests to which it does not matter what is learnt. */

import { randomStream } from '../src/base/random.js';
import { imageDataset } from '../src/data/images/image-dataset.js';

/** 60 images of 4×4; those of one name are always the same. */
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
