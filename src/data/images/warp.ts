/**
 * Moves the pixels of a picture by any angle and cut, and changes its light. Each pixel of the
 * result looks up where it comes from, between four pixels of the source; a category is taken from
 * the nearest. What comes from outside the source is a given value.
 */
import type { ColumnValues } from '../dataset.js';

/** From a place in the result to one in the source. */
export interface Warp {
  readonly flip: boolean;
  /** Pixels. */
  readonly down: number;
  readonly right: number;
  /** Radians, clockwise. */
  readonly angle: number;
  /** The part that is cut out and resized: parts of the height and of the width. */
  readonly top: number;
  readonly left: number;
  readonly tall: number;
  readonly wide: number;
}

export interface WarpedPlane {
  readonly height: number;
  readonly width: number;
  /** Whether values are numbers, between which others lie; categories are not. */
  readonly blends: boolean;
  readonly outside: number;
}

/** Writes one plane from `from` in `source` to `at` in `into`. */
export function warpPlane(
  into: ColumnValues,
  at: number,
  source: ColumnValues,
  from: number,
  { height, width, blends, outside }: WarpedPlane,
  { flip, down, right, angle, top, left, tall, wide }: Warp,
): void {
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const rounds = !(into instanceof Float32Array);
  for (let row = 0; row < height; row++) {
    // From the middle of the result: the shift is undone, then the mirror, the angle and the cut.
    const y = row + 0.5 - height / 2 - down;
    for (let column = 0; column < width; column++) {
      const moved = column + 0.5 - width / 2 - right;
      const x = flip ? -moved : moved;
      const sourceX = left * width + (x * cosine + y * sine + width / 2) * wide;
      const sourceY = top * height + (y * cosine - x * sine + height / 2) * tall;
      const inside = sourceX >= 0 && sourceX <= width && sourceY >= 0 && sourceY <= height;
      let value = outside;
      if (inside) {
        value = blends
          ? between(source, from, sourceY - 0.5, sourceX - 0.5, height, width)
          : nearest(source, from, sourceY, sourceX, height, width);
      }
      into[at + row * width + column] = rounds ? Math.round(value) : value;
    }
  }
}

const clamp = (value: number, most: number) => Math.min(Math.max(value, 0), most);

function nearest(source: ColumnValues, from: number, y: number, x: number, height: number, width: number) {
  const row = clamp(Math.floor(y), height - 1);
  return source[from + row * width + clamp(Math.floor(x), width - 1)] as number;
}

/** Bilinear; pixels at the edges are repeated beyond them. */
function between(source: ColumnValues, from: number, y: number, x: number, height: number, width: number) {
  const [row, column] = [Math.floor(y), Math.floor(x)];
  const [under, beside] = [y - row, x - column];
  const upper = from + clamp(row, height - 1) * width;
  const lower = from + clamp(row + 1, height - 1) * width;
  const [first, second] = [clamp(column, width - 1), clamp(column + 1, width - 1)];
  const above =
    (source[upper + first] as number) * (1 - beside) + (source[upper + second] as number) * beside;
  const below =
    (source[lower + first] as number) * (1 - beside) + (source[lower + second] as number) * beside;
  return above * (1 - under) + below * under;
}

/**
 * Multiplies all bytes of a picture by the brightness; then the contrast moves them from their
 * mean, or towards it.
 */
export function relight(
  bytes: ColumnValues,
  at: number,
  size: number,
  brightness: number,
  contrast: number,
): void {
  let sum = 0;
  for (let place = at; place < at + size; place++)
    sum += Math.min(255, brightness * (bytes[place] as number));
  const mean = sum / size;
  for (let place = at; place < at + size; place++) {
    const lit = Math.min(255, brightness * (bytes[place] as number));
    bytes[place] = Math.round(clamp(mean + contrast * (lit - mean), 255));
  }
}
