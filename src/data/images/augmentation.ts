/**
 * Augmentation of training pictures. Mirroring from left to right with probability 1/2, and a shift
 * of up to `shift` pixels in each direction, with zeros outside, are those of He et al. 2016
 * (https://arxiv.org/abs/1512.03385, section 4.2). The random resized crop is that of Szegedy et
 * al. 2014 (https://arxiv.org/abs/1409.4842, section 6). Random numbers are drawn for a whole epoch
 * from one stream, so that those of a picture depend only on its place in the epoch. Columns on the
 * same grid of pixels, such as a mask to be learned, move with their picture, and keep their light.
 */
import type { RandomStream } from '../../base/random.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Column, ColumnValues, Dataset, HeldColumn } from '../dataset.js';
import { DataError } from '../error.js';
import { relight, type Warp, warpPlane } from './warp.js';

export interface Augmentation {
  readonly flip: boolean;
  /** In pixels; 0 for none. */
  readonly shift: number;
  /** The largest angle each way, in degrees; none by default. */
  readonly rotation?: number;
  /** The smallest part of the area that is cut out and resized; 1, the whole, by default. */
  readonly crop?: number;
  /** How far each factor may lie from 1; 0 by default. */
  readonly brightness?: number;
  readonly contrast?: number;
}

/** The draws for each place of an epoch. */
export interface Draws {
  readonly flips: Uint8Array;
  readonly rows: Int8Array;
  readonly columns: Int8Array;
  /** [places, 5]: angle, and top, left, height and width of the cut; or missing. */
  readonly warps?: Float32Array;
  /** [places, 2]: the factors of brightness and contrast; missing if both are 1. */
  readonly lights?: Float32Array;
}

/** A shift is stored in 8 bits. */
export const LARGEST_SHIFT = 127;

export function drawAugmentation(
  { flip, shift, rotation = 0, crop = 1, brightness = 0, contrast = 0 }: Augmentation,
  places: number,
  stream: RandomStream,
): Draws {
  const draws = {
    flips: new Uint8Array(places),
    rows: new Int8Array(places),
    columns: new Int8Array(places),
    ...((rotation > 0 || crop < 1) && { warps: new Float32Array(5 * places) }),
    ...((brightness > 0 || contrast > 0) && { lights: new Float32Array(2 * places) }),
  };
  const around = (most: number) => most * (2 * stream.uniform() - 1);
  for (let place = 0; place < places; place++) {
    if (flip) draws.flips[place] = stream.integer(2);
    if (shift > 0) {
      draws.rows[place] = stream.integer(2 * shift + 1) - shift;
      draws.columns[place] = stream.integer(2 * shift + 1) - shift;
    }
    draws.warps?.set([(around(rotation) * Math.PI) / 180, ...drawCut(crop, stream)], 5 * place);
    draws.lights?.set([1 + around(brightness), 1 + around(contrast)], 2 * place);
  }
  return draws;
}

/** How much wider than the picture a cut may be, or taller. */
const WIDEST = 4 / 3;

/** Top, left, height and width, as parts of the picture. */
function drawCut(smallest: number, stream: RandomStream): [number, number, number, number] {
  const area = smallest + (1 - smallest) * stream.uniform();
  const ratio = WIDEST ** (2 * stream.uniform() - 1);
  const tall = smallest === 1 ? 1 : Math.min(1, Math.sqrt(area / ratio));
  const wide = smallest === 1 ? 1 : Math.min(1, Math.sqrt(area * ratio));
  return [(1 - tall) * stream.uniform(), (1 - wide) * stream.uniform(), tall, wide];
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
 * Writes example `index` of a column on a grid to `into` from `at` on, changed by the draws of
 * `place`.
 */
export function writeAugmented(
  into: ColumnValues,
  at: number,
  column: HeldColumn,
  index: number,
  draws: Draws,
  place: number,
): void {
  const { meaning, shape } = column;
  const outside = meaning.kind === 'categories' ? (meaning.ignored ?? 0) : 0;
  const move = {
    flip: draws.flips[place] === 1,
    down: draws.rows[place] as number,
    right: draws.columns[place] as number,
  };
  if (draws.warps === undefined) writeShifted(into, at, column, index, move, outside);
  else {
    const [angle, top, left, tall, wide] = draws.warps.subarray(5 * place) as unknown as Five;
    writeWarped(into, at, column, index, { ...move, angle, top, left, tall, wide }, outside);
  }
  if (draws.lights === undefined || meaning.kind !== 'picture') return;
  const [brightness, contrast] = draws.lights.subarray(2 * place) as unknown as readonly [number, number];
  relight(into, at, sizeOf(shape), brightness, contrast);
}

type Five = readonly [number, number, number, number, number];

type Move = Pick<Warp, 'flip' | 'down' | 'right'>;

function writeWarped(
  into: ColumnValues,
  at: number,
  { values, shape, meaning }: HeldColumn,
  index: number,
  warp: Warp,
  outside: number,
): void {
  const [height, width] = shape.slice(-2) as [number, number];
  const plane = { height, width, outside, blends: meaning.kind !== 'categories' };
  const size = sizeOf(shape);
  for (let start = 0; start < size; start += height * width) {
    warpPlane(into, at + start, values, index * size + start, plane, warp);
  }
}

/** By whole pixels, which need no numbers between them. */
function writeShifted(
  into: ColumnValues,
  at: number,
  { values, shape }: HeldColumn,
  index: number,
  { flip, down, right }: Move,
  outside: number,
): void {
  const [height, width] = shape.slice(-2) as [number, number];
  const lines = sizeOf(shape) / width;
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
