/**
 * Makes the columns of an image with few channels. Gathering a grey image pixel by pixel moves four
 * bytes at a time. But neighbouring windows of one line read neighbouring pixels, so the transposed
 * columns
 *
 *     colsᵀ [C·k, R]   (row (c, t): what every window reads at tap t of channel c)
 *
 * consist of stretches of the image's lines: L windows of one line read the pixels v, v+s, …,
 * v+(L−1)·s. For each of the few columns v at which a stretch begins, one strided slice of the
 * padded image holds all its stretches. One Gather of rows of L numbers puts them into their
 * places. The weight OIHW is then used as the matrix [O, C·k]:
 *
 *     Y = (colsᵀ)ᵀ·Wᵀ + b,   dWᵀ = colsᵀ·dY
 */
import type { Pair, TapAttributes } from '../../graph/ops.js';
import type { Value } from '../../graph/value.js';
import { batchAndChannels, imageSize, type Lowering } from './lowering.js';
import { pixelsByPlace, type RowOrder } from './row-order.js';

/** Images with more channels are gathered as fast in rows. */
const FEW_CHANNELS = 4;

/** Whether an image with this many channels is read line by line, by windows in this order. */
export function readsByLine(channels: number, order: RowOrder): boolean {
  return channels <= FEW_CHANNELS && channels < order.stretch.length;
}

/** colsᵀ [C·k, R] of the windows at `outer` of the order's outer places, from `first` on. */
export function lineColumns(
  lowering: Lowering,
  x: Value,
  order: RowOrder,
  kernel: Pair,
  { strides, padding, dilations = [1, 1] }: TapAttributes,
  { first, outer }: { readonly first: number; readonly outer: number },
): string {
  const { model } = lowering;
  const [n, c] = batchAndChannels(x);
  const [height, width] = imageSize(x);
  const { length, step } = order.stretch;
  const stretches = pixelsByPlace(order)
    .subarray(first * order.inner, (first + outer) * order.inner)
    .filter((_, at) => at % length === 0);

  // Where each stretch of each tap begins: its line of the image, and its first column of the
  // padded image.
  const taps = Array.from(
    { length: kernel[0] * kernel[1] },
    (_, tap): Pair => [Math.floor(tap / kernel[1]), tap % kernel[1]],
  );
  const begins = taps.flatMap(([ky, kx]) =>
    Array.from(stretches, (window) => ({
      line: Math.floor(window / order.width) * strides[0] + ky * dilations[0] - padding.top,
      column: (window % order.width) * strides[1] + kx * dilations[1],
    })),
  );
  const columns = [...new Set(begins.map(({ column }) => column))].sort((a, b) => a - b);

  // [V·N·C·(H+1), L]: one slice for each first column, and a line of zeros below each image for
  // lines outside it.
  const reach = (length - 1) * step * strides[1] + 1;
  const right = Math.max(0, Math.max(...columns) + reach - padding.left - width);
  const padded = model.node('Pad', [
    lowering.plain(x),
    model.int64s([0, 0, 0, padding.left, 0, 0, 1, right]),
  ]);
  const slices = columns.map((column) =>
    model.node('Slice', [
      padded,
      model.int64s([column]),
      model.int64s([column + reach]),
      model.int64s([3]),
      model.int64s([step * strides[1]]),
    ]),
  );
  const table = lowering.reshape(model.node('Concat', slices, { axis: 0 }), [
    columns.length * n * c * (height + 1),
    length,
  ]);

  // [C, k·outer, N, inner/L]: indices for the first channel of the first image, and the offsets of
  // the others.
  const perLine = order.inner / length;
  const firsts = begins.map(
    ({ line, column }) =>
      columns.indexOf(column) * n * c * (height + 1) + (line >= 0 && line < height ? line : height),
  );
  const range = (count: number, by: number) =>
    model.node('Range', [model.int32s([0], []), model.int32s([count * by], []), model.int32s([by], [])]);
  const perChannel = lowering.reshape(range(c, height + 1), [c, 1, 1, 1]);
  const perImage = lowering.reshape(range(n, c * (height + 1)), [1, 1, n, 1]);
  const pattern = model.int32s(firsts, [1, taps.length * outer, 1, perLine]);
  const indices = model.node('Add', [model.node('Add', [pattern, perChannel]), perImage]);
  return lowering.reshape(model.node('Gather', [table, indices], { axis: 0 }), [
    c * taps.length,
    outer * n * order.inner,
  ]);
}
