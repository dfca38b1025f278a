/**
 * Row orders: how the pixels of a batch of images [N,C,H,W] are stored as rows of C channels. A
 * tensor in rows has the shape [outer, N, inner, C]: the pixels of one image are distributed over
 * outer × inner places, and the batch lies between.
 *
 * - Image order, [1, N, H·W, C], is NHWC. Line order, [H, N, W, C], has the batch between lines and
 *   pixels.
 * - Phase order groups rows by their place within a window: with 2×2 windows [4·outer', N, inner',
 *   C], where outer' and inner' are those of the pooled image. Pooling is then a reduction over a
 *   leading axis of 4, and no row moves. A Winograd tile of m×m outputs is such a window, too: its
 *   convolution gives phase order directly.
 */
import type { Pair } from '../../graph/ops.js';

export interface RowOrder {
  readonly height: number;
  readonly width: number;
  readonly outer: number;
  readonly inner: number;
  /** For each pixel (row-major), its place: outer index · inner + inner index. */
  readonly places: Int32Array;
  /** If rows are grouped by phase: the windows, and the order of the pooled image. */
  readonly phases: { readonly window: Pair; readonly pooled: RowOrder } | undefined;
  /** Neighbouring places hold pixels of one line, `step` apart, in stretches of `length`. */
  readonly stretch: { readonly length: number; readonly step: number };
  /** Equal orders have equal keys. */
  readonly key: string;
}

/** NHWC. */
export function imageOrder(height: number, width: number): RowOrder {
  return {
    height,
    width,
    outer: 1,
    inner: height * width,
    places: Int32Array.from({ length: height * width }, (_, pixel) => pixel),
    phases: undefined,
    stretch: { length: width, step: 1 },
    key: `image${height}x${width}`,
  };
}

/**
 * [H, N, W, C]: line by line. Sums over pixels, and numbers for each pixel, then use long stretches
 * of memory.
 */
export function lineOrder(height: number, width: number): RowOrder {
  const order = imageOrder(height, width);
  return { ...order, outer: height, inner: width, key: `line${height}x${width}` };
}

/** The order for which pooling by `window` gives the order `pooled` without moving a row. */
export function phaseOrder(pooled: RowOrder, window: Pair): RowOrder {
  const [windowHeight, windowWidth] = window;
  const height = pooled.height * windowHeight;
  const width = pooled.width * windowWidth;
  const perPhase = pooled.outer * pooled.inner;
  const places = Int32Array.from({ length: height * width }, (_, pixel) => {
    const [u, v] = [Math.floor(pixel / width), pixel % width];
    const phase = (u % windowHeight) * windowWidth + (v % windowWidth);
    const window = Math.floor(u / windowHeight) * pooled.width + Math.floor(v / windowWidth);
    return phase * perPhase + (pooled.places[window] as number);
  });
  return {
    height,
    width,
    outer: windowHeight * windowWidth * pooled.outer,
    inner: pooled.inner,
    places,
    phases: { window, pooled },
    stretch: { length: pooled.stretch.length, step: pooled.stretch.step * windowWidth },
    key: `phase${windowHeight}x${windowWidth}(${pooled.key})`,
  };
}

/** The order of the results of Winograd's F(m×m): m×m tiles, row by row. */
export function tileOrder(height: number, width: number, m: number): RowOrder {
  return phaseOrder(imageOrder(height / m, width / m), [m, m]);
}

/** For each place, the pixel that lies there. */
export function pixelsByPlace(order: RowOrder): Int32Array {
  const pixels = new Int32Array(order.places.length);
  order.places.forEach((place, pixel) => {
    pixels[place] = pixel;
  });
  return pixels;
}
