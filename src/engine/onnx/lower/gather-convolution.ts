/**
 * Convolution as one gather and one matrix product. With the pixels that each window reads laid
 * side by side, cols [R, k·C] (R = N·H'·W' windows, k taps), the three passes are
 *
 *     Y = cols(x)·W + b      W  [k·C, O]
 *     dW = cols(x)ᵀ·dY       [k·C, O]
 *     dX = cols'(dY)·W'      W' [k·O, C]; cols' reads, for each pixel and tap, the window of the tap
 *
 * The rows may be in any order. Forward pass and weight gradient share cols(x) if dY comes in the
 * order of Y. `columns.ts` gathers the columns; images of few channels have their columns
 * transposed (`line-columns.ts`).
 */
import { sameShape } from '../../../tensor/shape.js';
import type { Pair, TapAttributes } from '../../graph/ops.js';
import { operand, type Value, type ValueOf } from '../../graph/value.js';
import type { ImageShape } from '../../graph/window-shapes.js';
import { columns } from './columns.js';
import { lineColumns, readsByLine } from './line-columns.js';
import { batchAndChannels, imageSize, type Lowering, OUTSIDE, type Rows, rowCount } from './lowering.js';
import { preferredOrder } from './order-preference.js';
import { lineOrder, phaseOrder, pixelsByPlace, type RowOrder } from './row-order.js';
import { isExactPooling, sameWindows, windowOfPixel } from './taps.js';

/**
 * The transposed matrix as a value of its own. (A Transpose before a Gemm is folded into the Gemm,
 * which then reads by columns.)
 */
function turned(lowering: Lowering, matrix: string, [rows, columns]: Pair): string {
  const image = lowering.reshape(matrix, [1, rows, columns]);
  return lowering.reshape(lowering.transpose(image, [0, 2, 1]), [columns, rows]);
}

/** OIHW as [O, I, k]: the engine moves one axis of three faster than two of four. */
function tapsOf(lowering: Lowering, w: Value): string {
  const [o, c, kh, kw] = w.shape as ImageShape;
  return lowering.reshape(lowering.plain(w), [o, c, kh * kw]);
}

interface Columns {
  readonly name: string;
  /** [k·C, R] with rows in the order of OIHW weights, as `line-columns.ts` gives them. */
  readonly transposed: boolean;
}

/** cols(x), phase by phase. */
function columnsByPhase(
  lowering: Lowering,
  x: Value,
  order: RowOrder,
  kernel: Pair,
  attributes: TapAttributes,
  phases: number,
): Columns[] {
  const outer = order.outer / phases;
  const transposed = readsByLine(batchAndChannels(x)[1], order);
  const read = transposed ? lineColumns : columns;
  return Array.from({ length: phases }, (_, phase) => ({
    name: read(lowering, x, order, kernel, attributes, { first: phase * outer, outer }),
    transposed,
  }));
}

/**
 * The number of phases into which the rows are cut. Max-pooling compares phases, which is fastest
 * if each phase is a value.
 */
function phasesFor(lowering: Lowering, y: Value, order: RowOrder): number {
  const pooled = lowering
    .usersOf(y)
    .some((user) => user.op === 'maxPool2d' && isExactPooling(y, user.attributes));
  const window = order.phases?.window;
  return pooled && window !== undefined ? window[0] * window[1] : 1;
}

/**
 * A product with fewer columns leaves most of a vector register empty, so it is computed as rows
 * and then transposed.
 */
const NARROW = 16;

/** Rows of C channels from a matrix [R, C]. */
function rowsFrom(lowering: Lowering, matrix: string, value: Value, order: RowOrder): Rows {
  const [n, c] = batchAndChannels(value);
  return { name: lowering.reshape(matrix, [order.outer, n, order.inner, c]), order };
}

export function lowerGatherConvolution(lowering: Lowering, y: ValueOf<'conv2d'>): Rows {
  const [x, w, bias] = y.inputs as readonly [Value, Value, Value | undefined];
  const [o, c, kh, kw] = w.shape as ImageShape;
  const { model } = lowering;
  const order = preferredOrder(lowering, y as Value);
  const phases = phasesFor(lowering, y as Value, order);
  const products = columnsByPhase(lowering, x, order, [kh, kw], y.attributes, phases).map((cols) => {
    const matrix = cols.transposed
      ? lowering.reshape(lowering.plain(w), [o, c * kh * kw])
      : // OIHW → [k, I, O] in two steps, which are three times as fast as one.
        turned(lowering, lowering.transpose(tapsOf(lowering, w), [0, 2, 1]), [o, kh * kw * c]);
    if (cols.transposed && o < NARROW) {
      const column = bias === undefined ? [] : [lowering.reshape(lowering.plain(bias), [o, 1])];
      return lowering.transpose(model.node('Gemm', [matrix, cols.name, ...column]), [1, 0]);
    }
    const operands = [cols.name, matrix, ...(bias === undefined ? [] : [lowering.plain(bias)])];
    const transposed = Number(cols.transposed);
    return model.node('Gemm', operands, { transA: transposed, transB: transposed });
  });
  return phases === 1
    ? rowsFrom(lowering, products[0] as string, y as Value, order)
    : lowering.rowsFromParts(products, y as Value, order);
}

export function lowerGatherWeightGradient(lowering: Lowering, dw: ValueOf<'conv2dWeightGradient'>): string {
  const [x, dy] = [operand(dw as Value, 0), operand(dw as Value, 1)];
  const [o, c, kh, kw] = dw.shape as ImageShape;
  const unitStrides = dw.attributes.strides.every((stride) => stride === 1);
  const dx = inputGradientBeside(lowering, dw);
  // Uses whichever reads less; if both read the same, what was just gathered for dX.
  if (dx !== undefined && unitStrides && rowCount(x) * o <= rowCount(dy) * c) {
    const product = weightGradientFromDx(lowering, dw, dx);
    if (product !== undefined) return product;
  }
  const { model } = lowering;
  const rows = lowering.anyRows(dy);
  const parts = rows.parts ?? [lowering.reshape(rows.name, [rowCount(dy), o])];
  const phases = columnsByPhase(lowering, x, rows.order, [kh, kw], dw.attributes, parts.length);
  /** The sum of products over the phases. */
  const sum = (
    product: (cols: Columns, part: string) => readonly [string, string],
    transposed: { readonly transA?: 1 } = {},
  ) =>
    phases.reduce((total, cols, phase) => {
      const operands = product(cols, parts[phase] as string);
      return model.node('Gemm', total === '' ? operands : [...operands, total], transposed);
    }, '');
  if (phases[0]?.transposed) {
    const product = sum((cols, part) => [cols.name, part]);
    return lowering.reshape(lowering.transpose(product, [1, 0]), dw.shape);
  }
  // The product reads its transposed factor slowly, so the narrower one is transposed.
  if (o < kh * kw * c) {
    const product = sum((cols, part) => [
      turned(lowering, part, [rowCount(dy) / parts.length, o]),
      cols.name,
    ]);
    return lowering.reshape(
      lowering.transpose(lowering.reshape(product, [o, kh * kw, c]), [0, 2, 1]),
      dw.shape,
    );
  }
  const product = sum((cols, part) => [cols.name, part], { transA: 1 });
  return lowering.transpose(lowering.reshape(product, [kh, kw, c, o]), [3, 2, 0, 1]);
}

/** The input gradient that reads dY by the same windows. */
function inputGradientBeside(lowering: Lowering, dw: ValueOf<'conv2dWeightGradient'>) {
  const [x, dy] = [operand(dw as Value, 0), operand(dw as Value, 1)];
  return lowering
    .usersOf(dy)
    .find(
      (user) =>
        user.op === 'conv2dInputGradient' &&
        operand(user, 1) === dy &&
        sameShape(user.shape, x.shape) &&
        sameShape(operand(user, 0).shape, dw.shape) &&
        sameWindows(user.attributes, dw.attributes),
    ) as ValueOf<'conv2dInputGradient'> | undefined;
}

/**
 * With stride 1, dW can be computed from what dX gathers: dW = cols'(dY)ᵀ·X, since both pair each
 * pixel with the windows that read it. Not where some tap reads padding only, as in an image of one
 * line, since dX does not gather for it.
 */
function weightGradientFromDx(
  lowering: Lowering,
  dw: ValueOf<'conv2dWeightGradient'>,
  dx: ValueOf<'conv2dInputGradient'>,
): string | undefined {
  const x = operand(dw as Value, 0);
  const [o, c, kh, kw] = dw.shape as ImageShape;
  const order = preferredOrder(lowering, dx as Value);
  const { gathered, taps } = windowsOfPixels(lowering, dx, pixelsByPlace(order), order.outer);
  if (gathered === undefined || taps.length < kh * kw) return undefined;
  const rows = lowering.reshape(lowering.rows(x, order).name, [rowCount(x), c]);
  const product = lowering.model.node('Gemm', [rows, gathered], { transA: 1 });
  return lowering.reshape(
    lowering.transpose(lowering.reshape(product, [c, kh * kw, o]), [2, 0, 1]),
    dw.shape,
  );
}

/**
 * With strides, pixels of different phases are read by different taps, most of them by few: at
 * stride 2, a 3×3 kernel reads a pixel with 1, 2, 2 or 4 of its 9 taps. So each phase is a product
 * of its own, over its own taps.
 */
export function lowerGatherInputGradient(lowering: Lowering, dx: ValueOf<'conv2dInputGradient'>): Rows {
  const { strides } = dx.attributes;
  const [height, width] = imageSize(dx as Value);
  const preferred = preferredOrder(lowering, dx as Value);
  if (strides[0] * strides[1] === 1 || height % strides[0] !== 0 || width % strides[1] !== 0) {
    const product = gradientOfPixels(lowering, dx, pixelsByPlace(preferred), preferred.outer);
    return rowsFrom(lowering, product, dx as Value, preferred);
  }
  const order = phaseOrder(lineOrder(height / strides[0], width / strides[1]), strides);
  const pixels = pixelsByPlace(order);
  const phases = strides[0] * strides[1];
  const perPhase = pixels.length / phases;
  const parts = Array.from({ length: phases }, (_, phase) => {
    const ofPhase = pixels.subarray(phase * perPhase, (phase + 1) * perPhase);
    return gradientOfPixels(lowering, dx, ofPhase, order.outer / phases);
  });
  lowering.set(dx as Value, lowering.rowsFromParts(parts, dx as Value, order));
  return lowering.rows(dx as Value, preferred);
}

/** dX for these pixels, which lie at `outer` places of an order, [outer·N·inner, C]. */
function gradientOfPixels(
  lowering: Lowering,
  dx: ValueOf<'conv2dInputGradient'>,
  pixels: Int32Array,
  outer: number,
): string {
  const w = operand(dx as Value, 0);
  const [o, c, kh, kw] = w.shape as ImageShape;
  const { model } = lowering;
  const { gathered, taps } = windowsOfPixels(lowering, dx, pixels, outer);
  if (gathered === undefined) return model.filled(0, [pixels.length * (dx.shape[0] as number), c]);
  // OIHW → [k, O, I]
  const matrices = lowering.transpose(tapsOf(lowering, w), [2, 0, 1]);
  const reaching =
    taps.length === kh * kw ? matrices : model.node('Gather', [matrices, model.int32s(taps)], { axis: 0 });
  return model.node('MatMul', [gathered, lowering.reshape(reaching, [taps.length * o, c])]);
}

/**
 * cols'(dY) [outer·N·inner, k'·O] for these pixels, and the k' taps that read any of them;
 * undefined if no tap does.
 */
function windowsOfPixels(
  lowering: Lowering,
  dx: ValueOf<'conv2dInputGradient'>,
  pixels: Int32Array,
  outer: number,
) {
  const [w, dy] = [operand(dx as Value, 0), operand(dx as Value, 1)];
  const [o, , kh, kw] = w.shape as ImageShape;
  const [, width] = imageSize(dx as Value);
  const windows = Array.from({ length: kh * kw }, (_, tap) =>
    pixels.map((pixel) => windowOfPixel(imageSize(dy), width, [kh, kw], dx.attributes, pixel, tap)),
  );
  const taps = windows.flatMap((ofTap, tap) => (ofTap.some((window) => window !== OUTSIDE) ? [tap] : []));
  if (taps.length === 0) return { gathered: undefined, taps };
  const pattern = Int32Array.from(
    { length: pixels.length * taps.length },
    (_, at) => windows[taps[at % taps.length] as number]?.[Math.floor(at / taps.length)] ?? OUTSIDE,
  );
  const read = lowering.readPixels(dy, pattern, [outer, (pixels.length / outer) * taps.length]);
  const rows = pixels.length * batchAndChannels(dy)[0];
  return { gathered: lowering.reshape(read, [rows, taps.length * o]), taps };
}
