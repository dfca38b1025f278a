/**
 * Augmentation of training images: mirrored from left to right with probability 1/2, and shifted by up to `shift` pixels in
 * each direction, with zeros where nothing is left; a shift of a zero-padded image is He et al. 2016's random crop
 * (https://arxiv.org/abs/1512.03385, section 4.2). Draws are made for a whole epoch, from one stream, so that an image's
 * depends on its place in the epoch alone.
 */
import type { RandomStream } from '../../base/random.js';
import type { ImageDataset } from '../images/image-dataset.js';

export interface Augmentation {
  readonly flip: boolean;
  /** In pixels; 0 for none. */
  readonly shift: number;
}

/** One for each place of an epoch. */
export interface Draws {
  readonly flips: Uint8Array;
  readonly rows: Int8Array;
  readonly columns: Int8Array;
}

/** A shift is a number of 8 bits. */
export const LARGEST_SHIFT = 127;

export function drawAugmentation({ flip, shift }: Augmentation, places: number, stream: RandomStream): Draws {
  const draws = {
    flips: new Uint8Array(places),
    rows: new Int8Array(places),
    columns: new Int8Array(places),
  };
  for (let place = 0; place < places; place++) {
    if (flip) draws.flips[place] = stream.integer(2);
    if (shift > 0) {
      draws.rows[place] = stream.integer(2 * shift + 1) - shift;
      draws.columns[place] = stream.integer(2 * shift + 1) - shift;
    }
  }
  return draws;
}

/** Writes image `index` of the data set to `target` from `at` on, as these draws of `place` have it. */
export function writeAugmented(
  target: Uint8Array,
  at: number,
  { images, channels, height, width }: ImageDataset,
  index: number,
  draws: Draws,
  place: number,
): void {
  const flip = draws.flips[place] === 1;
  const down = draws.rows[place] as number;
  const right = draws.columns[place] as number;
  for (let line = 0; line < channels * height; line++) {
    const row = (line % height) - down;
    const to = at + line * width;
    if (row < 0 || row >= height) {
      target.fill(0, to, to + width);
      continue;
    }
    const from = (index * channels * height + line - down) * width;
    for (let column = 0; column < width; column++) {
      const source = column - right;
      const inside = source >= 0 && source < width;
      target[to + column] = inside ? (images[from + (flip ? width - 1 - source : source)] as number) : 0;
    }
  }
}
