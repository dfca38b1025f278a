/**
 * Resizing images with the options of ONNX's Resize. Each pixel of the result is a weighted sum of
 * pixels of one line, and the weights depend on its place alone. So an axis is resized by a product
 * with a constant matrix, whose gradient is a product, too.
 */
import { constant, matmul } from './build.js';
import type { Pair } from './ops.js';
import type { Value } from './value.js';
import { rank4 } from './window-shapes.js';

export interface ResizeOptions {
  readonly mode: 'nearest' | 'linear';
  /**
   * Where the place i of the result lies in the image. PyTorch's are `half_pixel`, with
   * `align_corners=True` that one, and `asymmetric` for nearest.
   */
  readonly coordinates: 'half_pixel' | 'pytorch_half_pixel' | 'align_corners' | 'asymmetric';
  /** The pixel that is nearest to a place between two; `floor` is PyTorch's. */
  readonly rounding?: 'floor' | 'ceil' | 'round_prefer_floor' | 'round_prefer_ceil';
  /** The factors, if they are not exactly the size of the result by that of the image. */
  readonly scales?: Pair;
}

/** x [N,C,H,W] → [N,C,height,width] */
export function resize(x: Value, [height, width]: Pair, options: ResizeOptions): Value {
  const [, , rows, columns] = rank4('resize', x.shape, 'x');
  const [down, across] = options.scales ?? [height / rows, width / columns];
  const wide = isUnchanged(columns, width, across)
    ? x
    : matmul(x, weights(columns, width, across, options), { transposeB: true });
  return isUnchanged(rows, height, down) ? wide : matmul(weights(rows, height, down, options), wide);
}

const isUnchanged = (from: number, to: number, scale: number) => from === to && scale === 1;

/** [to, from]: the weight of each pixel of a line at each place of the result. */
function weights(from: number, to: number, scale: number, options: ResizeOptions): Value {
  const { mode, rounding = 'round_prefer_floor' } = options;
  const last = from - 1;
  const matrix = new Float32Array(to * from);
  for (let place = 0; place < to; place++) {
    const at = placeInImage(place, from, to, scale, options);
    if (mode === 'nearest') {
      matrix[place * from + Math.min(Math.max(ROUNDED[rounding](at), 0), last)] = 1;
      continue;
    }
    const inside = Math.min(Math.max(at, 0), last);
    const before = Math.floor(inside);
    matrix[place * from + before] = 1 - (inside - before);
    if (before < last) matrix[place * from + before + 1] = inside - before;
  }
  return constant(Array.from(matrix), [to, from]);
}

const ROUNDED: Readonly<Record<NonNullable<ResizeOptions['rounding']>, (at: number) => number>> = {
  floor: Math.floor,
  ceil: Math.ceil,
  round_prefer_floor: (at) => Math.ceil(at - 0.5),
  round_prefer_ceil: (at) => Math.floor(at + 0.5),
};

/**
 * Where a place of the result lies in a line of the image. Each step is rounded to float32, as in
 * other frameworks: otherwise a place that is a whole number there could lie just below it.
 */
function placeInImage(
  place: number,
  from: number,
  to: number,
  scale: number,
  { coordinates }: ResizeOptions,
): number {
  const factor = Math.fround(scale);
  switch (coordinates) {
    case 'asymmetric':
      return Math.fround(place / factor);
    case 'align_corners':
      return to === 1 ? 0 : Math.fround((place * (from - 1)) / (to - 1));
    case 'pytorch_half_pixel':
      if (to === 1) return 0;
      break;
    case 'half_pixel':
  }
  return Math.fround(Math.fround((place + 0.5) / factor) - 0.5);
}
