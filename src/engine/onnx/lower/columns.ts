/**
 * Makes the columns of a convolution, cols(x) [R, k·C]: the pixels that each window reads, side by
 * side. Usually each row of C numbers is gathered by its address. If C is small and the kernel
 * large, there are mostly addresses. Then stretches are made first: for each line of the image and
 * each column of windows, the kw pixels side by side. Each window then gathers kh stretches. A
 * pixel is moved kw times by itself and kh·kw times as part of a stretch. For 6 channels and 5×5
 * this takes half the time; for 16 channels and 3×3 the extra copy costs what it saves.
 */
import type { Pair, TapAttributes } from '../../graph/ops.js';
import type { Value } from '../../graph/value.js';
import { batchAndChannels, imageSize, type Lowering, OUTSIDE, rowOfPlace } from './lowering.js';
import { pixelsByPlace, type RowOrder } from './row-order.js';
import { pixelOfTap } from './taps.js';

/** Whether an image with this many channels is read by stretches. */
const readsByStretch = (channels: number, [, kw]: Pair) => channels < 16 && kw > 3;

/** cols(x) as [R, k·C], for the rows of these windows in their order (all windows by default). */
export function columns(
  lowering: Lowering,
  x: Value,
  order: RowOrder,
  kernel: Pair,
  attributes: TapAttributes,
  { first, outer } = { first: 0, outer: order.outer },
): string {
  const windows = pixelsByPlace(order).subarray(first * order.inner, (first + outer) * order.inner);
  const [n, c] = batchAndChannels(x);
  const read = readsByStretch(c, kernel) ? stretchesOf : pixelsOf;
  const gathered = read(lowering, x, { windows, perRow: order.width, outer }, kernel, attributes);
  return lowering.reshape(gathered, [n * windows.length, kernel[0] * kernel[1] * c]);
}

interface Windows {
  /** Row-major numbers of the windows, by place. */
  readonly windows: Int32Array;
  readonly perRow: number;
  /** The number of outer parts around the images. */
  readonly outer: number;
}

function pixelsOf(
  lowering: Lowering,
  x: Value,
  { windows, perRow, outer }: Windows,
  kernel: Pair,
  attributes: TapAttributes,
): string {
  const k = kernel[0] * kernel[1];
  const pattern = Int32Array.from({ length: windows.length * k }, (_, at) =>
    pixelOfTap(imageSize(x), perRow, kernel, attributes, windows[Math.floor(at / k)] as number, at % k),
  );
  return lowering.readPixels(x, pattern, [outer, (windows.length / outer) * k]);
}

function stretchesOf(
  lowering: Lowering,
  x: Value,
  { windows, perRow, outer }: Windows,
  [kh, kw]: Pair,
  { strides, padding, dilations = [1, 1] }: TapAttributes,
): string {
  const [n, c] = batchAndChannels(x);
  const [height, width] = imageSize(x);
  const taps = Int32Array.from({ length: height * perRow * kw }, (_, at) => {
    const [line, window, tap] = [Math.floor(at / (perRow * kw)), Math.floor(at / kw) % perRow, at % kw];
    const column = window * strides[1] + tap * dilations[1] - padding.left;
    return column >= 0 && column < width ? line * width + column : OUTSIDE;
  });
  const stretches = {
    name: lowering.readPixels(x, taps, [height, perRow * kw]),
    rows: height * n * perRow,
    channels: kw * c,
    perImage: perRow,
  };
  const firsts = Int32Array.from({ length: windows.length * kh }, (_, at) => {
    const window = windows[Math.floor(at / kh)] as number;
    const line = Math.floor(window / perRow) * strides[0] + (at % kh) * dilations[0] - padding.top;
    return line >= 0 && line < height ? rowOfPlace(line * perRow + (window % perRow), n, perRow) : OUTSIDE;
  });
  return lowering.gatherRows(stretches, n, firsts, [outer, (windows.length / outer) * kh]);
}
