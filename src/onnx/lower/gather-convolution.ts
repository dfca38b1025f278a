/**
 * Convolution as one gather and one matrix product. With the pixels that every window reads laid side by side,
 * cols [R, k·C] (R = N·H'·W' windows, k taps), the three passes are
 *
 *     Y = cols(x)·W + b      W  [k·C, O]
 *     dW = cols(x)ᵀ·dY       [k·C, O]
 *     dX = cols'(dY)·W'      W' [k·O, C], cols' reads for every pixel and tap the window that the tap belongs to
 *
 * The rows may be in any order; forward and weight gradient share cols(x) when dY comes in the order of Y.
 */
import type { Pair, WindowAttributes } from '../../graph/ops.js';
import type { ImageShape } from '../../graph/shapes.js';
import { operand, type Value, type ValueOf } from '../../graph/value.js';
import { batchAndChannels, imageSize, type Lowering, type Rows, rowCount } from './lowering.js';
import { preferredOrder } from './order-preference.js';
import { pixelsByPlace, type RowOrder } from './row-order.js';
import { isExactPooling, pixelOfTap, windowOfPixel } from './taps.js';

/** cols(x) as [R, k·C], for the rows of these windows in their order (all of them by default). */
export function columns(
  lowering: Lowering,
  x: Value,
  order: RowOrder,
  kernel: Pair,
  attributes: WindowAttributes,
  { first = 0, outer = order.outer } = {},
): string {
  const k = kernel[0] * kernel[1];
  const windows = pixelsByPlace(order).subarray(first * order.inner, (first + outer) * order.inner);
  const pattern = Int32Array.from({ length: windows.length * k }, (_, at) =>
    pixelOfTap(imageSize(x), order.width, kernel, attributes, windows[Math.floor(at / k)] as number, at % k),
  );
  const [n, c] = batchAndChannels(x);
  const gathered = lowering.readPixels(x, pattern, [outer, order.inner * k]);
  return lowering.reshape(gathered, [n * windows.length, k * c]);
}

/** cols(x), phase by phase. */
function columnsByPhase(
  lowering: Lowering,
  x: Value,
  order: RowOrder,
  kernel: Pair,
  attributes: WindowAttributes,
  phases: number,
): string[] {
  const outer = order.outer / phases;
  return Array.from({ length: phases }, (_, phase) =>
    columns(lowering, x, order, kernel, attributes, { first: phase * outer, outer }),
  );
}

/** Into how many phases the rows are best cut: max-pooling compares phases, and does so fastest if each is a value. */
function phasesFor(lowering: Lowering, y: Value, order: RowOrder): number {
  const pooled = lowering
    .usersOf(y)
    .some((user) => user.op === 'maxPool2d' && isExactPooling(y, user.attributes));
  const window = order.phases?.window;
  return pooled && window !== undefined ? window[0] * window[1] : 1;
}

const kernelOf = (shape: readonly number[]): Pair => [shape[2] as number, shape[3] as number];

/** Rows of C channels from a matrix [R, C]. */
function rowsFrom(lowering: Lowering, matrix: string, value: Value, order: RowOrder): Rows {
  const [n, c] = batchAndChannels(value);
  return { name: lowering.reshape(matrix, [order.outer, n, order.inner, c]), order };
}

export function lowerGatherConvolution(lowering: Lowering, y: ValueOf<'conv2d'>): Rows {
  const [x, w, bias] = y.inputs as readonly [Value, Value, Value | undefined];
  const [o, c, kh, kw] = w.shape as ImageShape;
  const order = preferredOrder(lowering, y as Value);
  const phases = phasesFor(lowering, y as Value, order);
  // OIHW → [kh, kw, I, O]
  const matrix = lowering.reshape(lowering.transpose(lowering.plain(w), [2, 3, 1, 0]), [kh * kw * c, o]);
  const products = columnsByPhase(lowering, x, order, [kh, kw], y.attributes, phases).map((cols) =>
    bias === undefined
      ? lowering.model.node('MatMul', [cols, matrix])
      : lowering.model.node('Gemm', [cols, matrix, lowering.plain(bias)]),
  );
  return phases === 1
    ? rowsFrom(lowering, products[0] as string, y as Value, order)
    : lowering.rowsFromParts(products, y as Value, order);
}

export function lowerGatherWeightGradient(lowering: Lowering, dw: ValueOf<'conv2dWeightGradient'>): string {
  const [x, dy] = [operand(dw as Value, 0), operand(dw as Value, 1)];
  const [o, c, kh, kw] = dw.shape as ImageShape;
  const rows = lowering.anyRows(dy);
  const parts = rows.parts ?? [lowering.reshape(rows.name, [rowCount(dy), o])];
  const product = columnsByPhase(lowering, x, rows.order, [kh, kw], dw.attributes, parts.length).reduce(
    (sum, cols, phase) => {
      const operands = [cols, parts[phase] as string];
      return lowering.model.node('Gemm', sum === '' ? operands : [...operands, sum], { transA: 1 });
    },
    '',
  );
  return lowering.transpose(lowering.reshape(product, [kh, kw, c, o]), [3, 2, 0, 1]);
}

export function lowerGatherInputGradient(lowering: Lowering, dx: ValueOf<'conv2dInputGradient'>): Rows {
  const [w, dy] = [operand(dx as Value, 0), operand(dx as Value, 1)];
  const [o, c, kh, kw] = w.shape as ImageShape;
  const k = kh * kw;
  const order = preferredOrder(lowering, dx as Value);
  const pixels = pixelsByPlace(order);
  const pattern = Int32Array.from({ length: pixels.length * k }, (_, at) =>
    windowOfPixel(
      imageSize(dy),
      order.width,
      kernelOf(w.shape),
      dx.attributes,
      pixels[Math.floor(at / k)] as number,
      at % k,
    ),
  );
  const gathered = lowering.readPixels(dy, pattern, [order.outer, order.inner * k]);
  // OIHW → [kh, kw, O, I]
  const matrix = lowering.reshape(lowering.transpose(lowering.plain(w), [2, 3, 0, 1]), [k * o, c]);
  const product = lowering.model.node('MatMul', [
    lowering.reshape(gathered, [rowCount(dx as Value), k * o]),
    matrix,
  ]);
  return rowsFrom(lowering, product, dx as Value, order);
}
