/**
 * Augmentation of training pictures: mirroring from left to right with probability 1/2, and a shift
 * of up to `shift` pixels in each direction, with zeros outside. The shift of a zero-padded image
 * is the random crop of He et al. 2016 (https://arxiv.org/abs/1512.03385, section 4.2). Random
 * numbers are drawn for a whole epoch from one stream, so that those of a picture depend only on
 * its place in the epoch. Columns on the same grid of pixels, such as a mask to be learned, move
 * with their picture.
 */
import type { RandomStream } from '../../base/random.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Column, ColumnValues, Dataset } from '../dataset.js';
import { DataError } from '../error.js';

export interface Augmentation {
  readonly flip: boolean;
  /** In pixels; 0 for none. */
  readonly shift: number;
}

/** The draws for each place of an epoch. */
export interface Draws {
  readonly flips: Uint8Array;
  readonly rows: Int8Array;
  readonly columns: Int8Array;
}

/** A shift is stored in 8 bits. */
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

/** @throws DataError when the set has no pictures */
export function requirePictures({ name, inputs }: Dataset): void {
  if (inputs.some(({ meaning }) => meaning.kind === 'picture')) return;
  throw new DataError(`data: "augmentation" moves pictures, but "${name}" has none`, {
    hint: 'leave "augmentation" out',
  });
}

/** The columns of a set, inputs or targets, that lie on the grid of its pictures. */
export function onGrid({ inputs }: Dataset, { shape, meaning }: Column): boolean {
  const grid = inputs.find((column) => column.meaning.kind === 'picture')?.shape.slice(-2);
  const own = shape.slice(-2);
  return (
    meaning.kind !== 'tokens' && own.length === 2 && own.every((extent, axis) => extent === grid?.[axis])
  );
}

/**
 * Writes example `index` of a column on a grid to `into` from `at` on, moved by the draws of
 * `place`.
 */
export function writeAugmented(
  into: ColumnValues,
  at: number,
  { values, shape, meaning }: Column,
  index: number,
  draws: Draws,
  place: number,
): void {
  const [height, width] = shape.slice(-2) as [number, number];
  const lines = sizeOf(shape) / width;
  const outside = meaning.kind === 'categories' ? (meaning.ignored ?? 0) : 0;
  const flip = draws.flips[place] === 1;
  const down = draws.rows[place] as number;
  const right = draws.columns[place] as number;
  for (let line = 0; line < lines; line++) {
    const row = (line % height) - down;
    const to = at + line * width;
    if (row < 0 || row >= height) {
      into.fill(outside, to, to + width);
      continue;
    }
    const from = (index * lines + line - down) * width;
    for (let column = 0; column < width; column++) {
      const source = column - right;
      const inside = source >= 0 && source < width;
      into[to + column] = inside ? (values[from + (flip ? width - 1 - source : source)] as number) : outside;
    }
  }
}
