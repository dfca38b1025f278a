/**
 * Pooling in rows. Windows that tile the image exactly are phases: rows in phase order [k·outer, N,
 * inner, C] are read as [k, outer·N·inner, C] and reduced over the leading axis. All other windows
 * are gathered, [outer, N, inner, k, C], and their gradients are gathered back: each pixel adds up
 * the gradients of the windows that contain it.
 */
import type { PoolingAttributes } from '../../graph/ops.js';
import { operand, type Value, type ValueOf } from '../../graph/value.js';
import { ONNX_TYPES } from '../model-builder.js';
import {
  batchAndChannels,
  imageSize,
  type Lowered,
  type Lowering,
  OUTSIDE,
  type Rows,
  rowCount,
  rowOfPlace,
} from './lowering.js';
import { preferredOrder } from './order-preference.js';
import { lineOrder, phaseOrder, pixelsByPlace, type RowOrder } from './row-order.js';
import { isExactPooling, pixelOfTap, windowOfPixel } from './taps.js';

type Pooling = ValueOf<'maxPool2d'> | ValueOf<'averagePool2d'>;

/**
 * The image in an order that groups it by the phases of this kernel: its present order, or the one
 * its readers prefer.
 */
function rowsByPhase(lowering: Lowering, x: Value, y: Value, kernel: readonly [number, number]): Rows {
  const existing = lowering.existingRows(x);
  const window = existing?.order.phases?.window;
  if (existing !== undefined && window?.[0] === kernel[0] && window[1] === kernel[1]) return existing;
  return lowering.rows(x, phaseOrder(preferredOrder(lowering, y), kernel));
}

/**
 * For the gradient of an image: the order that its readers prefer, if it has these phases;
 * otherwise one made from the order of the pooled image.
 */
function orderByPhase(lowering: Lowering, dx: Value, dy: Value, kernel: readonly [number, number]): RowOrder {
  const preferred = preferredOrder(lowering, dx);
  const window = preferred.phases?.window;
  return window?.[0] === kernel[0] && window[1] === kernel[1]
    ? preferred
    : phaseOrder(lowering.existingRows(dy)?.order ?? lineOrder(...imageSize(dy)), kernel);
}

const taps = ({ kernel }: PoolingAttributes) => kernel[0] * kernel[1];

/** The order of the pooled image, given the order of an image with phases. */
function pooledOrder(order: RowOrder): RowOrder {
  if (order.phases === undefined) throw new Error('internal: pooling by phase of rows that have none');
  return order.phases.pooled;
}

export function lowerPooling(lowering: Lowering, y: Pooling): Lowered {
  const x = operand(y as Value, 0);
  const [n, c] = batchAndChannels(x);
  const { model } = lowering;
  if (isExactPooling(x, y.attributes)) {
    const rows = rowsByPhase(lowering, x, y as Value, y.attributes.kernel);
    const order = pooledOrder(rows.order);
    const k = taps(y.attributes);
    const phases = () => lowering.reshape(rows.name, [k, rowCount(y as Value) * c]);
    const pooled =
      y.op === 'averagePool2d'
        ? model.node('MatMul', [model.filled(1 / k, [1, k]), phases()])
        : rows.parts !== undefined
          ? model.node('Max', rows.parts)
          : model.node('ReduceMax', [phases(), model.int64s([0])], { keepdims: 0 });
    return { name: lowering.reshape(pooled, [order.outer, n, order.inner, c]), order };
  }
  const { windows, order } = gatheredWindows(
    lowering,
    x,
    y as Value,
    y.attributes,
    y.op === 'maxPool2d' ? -Infinity : 0,
  );
  const pooled = model.node(y.op === 'maxPool2d' ? 'ReduceMax' : 'ReduceSum', [windows, model.int64s([3])], {
    keepdims: 0,
  });
  if (y.op === 'maxPool2d') return { name: pooled, order };
  return {
    name: model.node('Mul', [pooled, inverseWindowSizes(lowering, x, y as Value, y.attributes, order)]),
    order,
  };
}

/** All windows of the image [outer, N, inner, k, C], in the order of the pooled image. */
function gatheredWindows(
  lowering: Lowering,
  x: Value,
  y: Value,
  attributes: PoolingAttributes,
  outside: number,
) {
  const order = lowering.existingRows(y)?.order ?? preferredOrder(lowering, y);
  const [n, c] = batchAndChannels(x);
  const k = taps(attributes);
  const pattern = tapPattern(x, order, attributes);
  const gathered = lowering.readPixels(x, pattern, [order.outer, order.inner * k], outside);
  return { windows: lowering.reshape(gathered, [order.outer, n, order.inner, k, c]), order };
}

/** For each place of the pooled image and each tap, the pixel that is read. */
function tapPattern(x: Value, order: RowOrder, attributes: PoolingAttributes): Int32Array {
  const k = taps(attributes);
  const pixels = pixelsByPlace(order);
  return Int32Array.from({ length: pixels.length * k }, (_, at) =>
    pixelOfTap(
      imageSize(x),
      order.width,
      attributes.kernel,
      attributes,
      pixels[Math.floor(at / k)] as number,
      at % k,
    ),
  );
}

/** One over the number of pixels in each window, [outer, 1, inner, 1]. */
function inverseWindowSizes(
  lowering: Lowering,
  x: Value,
  y: Value,
  attributes: PoolingAttributes,
  order: RowOrder,
) {
  const [rows, columns] = imageSize(y);
  const k = taps(attributes);
  const pattern = tapPattern(x, order, attributes);
  const sizes = Array.from({ length: rows * columns }, (_, place) => {
    const inside = pattern.subarray(place * k, (place + 1) * k).filter((pixel) => pixel !== OUTSIDE);
    return 1 / inside.length;
  });
  return lowering.model.floats(sizes, [order.outer, 1, order.inner, 1]);
}

export function lowerMaxPoolGradient(lowering: Lowering, dx: ValueOf<'maxPool2dGradient'>): Lowered {
  const { model } = lowering;
  const [x, y, dy] = [0, 1, 2].map((index) => operand(dx as Value, index)) as [Value, Value, Value];
  const [n, c] = batchAndChannels(x);
  const k = taps(dx.attributes);
  const masks = (windows: string, maxima: string) =>
    model.node('Cast', [model.node('Equal', [windows, maxima])], { to: ONNX_TYPES.f32 });
  // Each tap that equals the maximum gets an equal share of dy.
  const shares = (isMaximum: string, ties: string, gradient: string) =>
    model.node('Mul', [isMaximum, model.node('Div', [gradient, ties])]);
  if (isExactPooling(x, dx.attributes)) {
    const rows = rowsByPhase(lowering, x, y, dx.attributes.kernel);
    const order = pooledOrder(rows.order);
    const pooled = (value: Value) => lowering.reshape(lowering.rows(value, order).name, [1, rowCount(y), c]);
    if (rows.parts !== undefined) {
      const flat = (value: Value) => lowering.reshape(lowering.rows(value, order).name, [rowCount(y), c]);
      const isMaximum = rows.parts.map((part) => masks(part, flat(y)));
      const share = model.node('Div', [flat(dy), model.node('Sum', isMaximum)]);
      const parts = isMaximum.map((mask) => model.node('Mul', [mask, share]));
      return lowering.rowsFromParts(parts, x, rows.order);
    }
    const isMaximum = masks(lowering.reshape(rows.name, [k, rowCount(y), c]), pooled(y));
    // A sum over the leading axis is twice as fast as a product with a row of ones than as a
    // reduction.
    const flat = lowering.reshape(isMaximum, [k, rowCount(y) * c]);
    const ties = lowering.reshape(model.node('MatMul', [model.filled(1, [1, k]), flat]), [1, rowCount(y), c]);
    const shared = shares(isMaximum, ties, pooled(dy));
    return { name: lowering.reshape(shared, [rows.order.outer, n, rows.order.inner, c]), order: rows.order };
  }
  const { windows, order } = gatheredWindows(lowering, x, y, dx.attributes, -Infinity);
  const pooled = (value: Value) =>
    lowering.reshape(lowering.rows(value, order).name, [order.outer, n, order.inner, 1, c]);
  const isMaximum = masks(windows, pooled(y));
  const ties = model.node('ReduceSum', [isMaximum, model.int64s([3])], { keepdims: 1 });
  return gatherBack(lowering, x, order, dx.attributes, shares(isMaximum, ties, pooled(dy)));
}

export function lowerAveragePoolGradient(lowering: Lowering, dx: ValueOf<'averagePool2dGradient'>): Lowered {
  const { model } = lowering;
  const dy = operand(dx as Value, 0);
  const [n, c] = batchAndChannels(dy);
  const k = taps(dx.attributes);
  if (isExactPooling(dx, dx.attributes)) {
    const order = orderByPhase(lowering, dx as Value, dy, dx.attributes.kernel);
    const pooled = lowering.rows(dy, pooledOrder(order)).name;
    const share = model.node('Mul', [lowering.reshape(pooled, [1, rowCount(dy), c]), model.float(1 / k)]);
    const expanded = model.node('Expand', [share, model.int64s([k, rowCount(dy), c])]);
    return { name: lowering.reshape(expanded, [order.outer, n, order.inner, c]), order };
  }
  const { name, order } = lowering.anyRows(dy);
  const share = model.node('Mul', [
    name,
    inverseWindowSizes(lowering, dx as Value, dy, dx.attributes, order),
  ]);
  const perTap = model.node('Expand', [
    lowering.reshape(share, [order.outer, n, order.inner, 1, c]),
    model.int64s([order.outer, n, order.inner, k, c]),
  ]);
  return gatherBack(lowering, dx as Value, order, dx.attributes, perTap);
}

/**
 * From the gradients of each tap of each window, [outer, N, inner, k, C] in the pooled order, to
 * their sum for each pixel. A pixel lies in at most k windows, once for each tap. With strides,
 * most lie in few, and those of one phase in the same ones: a 3×3 window at stride 2 reaches them
 * by 1, 2, 2 and 4 taps. So each phase is gathered by itself.
 */
function gatherBack(
  lowering: Lowering,
  image: Value,
  pooled: RowOrder,
  attributes: PoolingAttributes,
  perTap: string,
): Rows {
  const { strides } = attributes;
  const [height, width] = imageSize(image);
  const order = lowering.existingRows(image)?.order ?? preferredOrder(lowering, image);
  const phases = strides[0] * strides[1];
  const sumOf = (pixels: Int32Array, outer: number) =>
    sumOfTaps(lowering, image, { pixels, outer, pooled, attributes, perTap });
  if (phases === 1 || height % strides[0] !== 0 || width % strides[1] !== 0) {
    const [n, c] = batchAndChannels(image);
    const sum = sumOf(pixelsByPlace(order), order.outer);
    return { name: lowering.reshape(sum, [order.outer, n, order.inner, c]), order };
  }
  const byPhase = phaseOrder(lineOrder(height / strides[0], width / strides[1]), strides);
  const pixels = pixelsByPlace(byPhase);
  const perPhase = pixels.length / phases;
  const parts = Array.from({ length: phases }, (_, phase) =>
    sumOf(pixels.subarray(phase * perPhase, (phase + 1) * perPhase), byPhase.outer / phases),
  );
  lowering.set(image, lowering.rowsFromParts(parts, image, byPhase));
  return lowering.rows(image, order);
}

interface GatheredPixels {
  /** At `outer` outer places of an order. */
  readonly pixels: Int32Array;
  readonly outer: number;
  readonly pooled: RowOrder;
  readonly attributes: PoolingAttributes;
  readonly perTap: string;
}

/** For these pixels, the sum over the taps that reach any of them, [outer·N·inner, C]. */
function sumOfTaps(
  lowering: Lowering,
  image: Value,
  { pixels, outer, pooled, attributes, perTap }: GatheredPixels,
): string {
  const { model } = lowering;
  const [n, c] = batchAndChannels(image);
  const [, width] = imageSize(image);
  const k = taps(attributes);
  const size = [pooled.height, pooled.width] as const;
  const windows = Array.from({ length: k }, (_, tap) =>
    pixels.map((pixel) => windowOfPixel(size, width, attributes.kernel, attributes, pixel, tap)),
  );
  const reaching = windows.flatMap((ofTap, tap) => (ofTap.some((window) => window !== OUTSIDE) ? [tap] : []));
  const count = reaching.length;
  if (count === 0) return model.filled(0, [pixels.length * n, c]);
  const firsts = Int32Array.from({ length: pixels.length * count }, (_, at) => {
    const tap = reaching[at % count] as number;
    const window = windows[tap]?.[Math.floor(at / count)] as number;
    return window === OUTSIDE
      ? OUTSIDE
      : rowOfPlace(pooled.places[window] as number, n, pooled.inner) * k + tap;
  });
  const rows = pooled.outer * n * pooled.inner * k;
  const table = { name: perTap, rows, channels: c, perImage: pooled.inner * k };
  const gathered = lowering.gatherRows(table, n, firsts, [outer, (pixels.length / outer) * count]);
  const perPixel = lowering.reshape(gathered, [pixels.length * n, count, c]);
  if (count === 1) return lowering.reshape(perPixel, [pixels.length * n, c]);
  return model.node('ReduceSum', [perPixel, model.int64s([1])], { keepdims: 0 });
}
