/**
 * Winograd's minimal filtering F(2×2, 3×3) for convolutions with 3×3 kernels and stride 1 (Lavin and Gray 2016,
 * https://arxiv.org/abs/1509.09308). A tile of 2×2 results needs 4×4 pixels d and the kernel g:
 *
 *     Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A
 *
 * With the tile's 16 positions flattened, each two-sided transform is one matrix product by a Kronecker square, and the
 * ⊙, summed over channels, becomes 16 products of matrices: V [16, T, C] times U [16, C, O], 2.25 times fewer
 * multiplications than the direct way. The transposed transforms give the gradients:
 *
 *     dM = (A⊗A) dY,   dU = Vᵀ dM,   dg = (G⊗G)ᵀ dU
 *
 * and dX is the convolution of dY with the kernel turned by 180° and its channels exchanged. Results fall out grouped
 * by their place in the tile: that is phase order (`tileOrder`).
 */
import type { ConvolutionAttributes } from '../../graph/ops.js';
import { operand, type Value, type ValueOf } from '../../graph/value.js';
import type { Shape } from '../../tensor/shape.js';
import { batchAndChannels, imageSize, type Lowering, OUTSIDE, type Rows } from './lowering.js';
import { tileOrder } from './row-order.js';

type Matrix = readonly (readonly number[])[];

/** Bᵀ: transforms 4 pixels. */
const PIXELS: Matrix = [
  [1, 0, -1, 0],
  [0, 1, 1, 0],
  [0, -1, 1, 0],
  [0, 1, 0, -1],
];
/** G: transforms 3 taps. */
const TAPS: Matrix = [
  [1, 0, 0],
  [0.5, 0.5, 0.5],
  [0.5, -0.5, 0.5],
  [0, 0, 1],
];
/** Aᵀ: gives 2 results. */
const RESULTS: Matrix = [
  [1, 1, 1, 0],
  [0, 1, -1, -1],
];

/** Whether the convolution of an image of this shape by a weight of this shape can be done so. */
export function winogradFits(attributes: ConvolutionAttributes, image: Shape, weight: Shape): boolean {
  const { strides, padding, groups } = attributes;
  const [, , height, width] = image as readonly [number, number, number, number];
  const [, , kh, kw] = weight as readonly [number, number, number, number];
  const { top, left, bottom, right } = padding;
  return (
    kh === 3 &&
    kw === 3 &&
    groups === 1 &&
    strides[0] === 1 &&
    strides[1] === 1 &&
    [top, left, bottom, right].every((side) => side === 1) &&
    height % 2 === 0 &&
    width % 2 === 0
  );
}

export function lowerWinogradConvolution(lowering: Lowering, y: ValueOf<'conv2d'>): Rows {
  const [x, w, bias] = y.inputs as readonly [Value, Value, Value | undefined];
  const rows = convolveTiles(lowering, x, transformedTaps(lowering, w, 'forward'), y as Value);
  if (bias === undefined) return rows;
  return { ...rows, name: lowering.model.node('Add', [rows.name, lowering.plain(bias)]) };
}

export function lowerWinogradInputGradient(lowering: Lowering, dx: ValueOf<'conv2dInputGradient'>): Rows {
  const [w, dy] = [operand(dx as Value, 0), operand(dx as Value, 1)];
  return convolveTiles(lowering, dy, transformedTaps(lowering, w, 'turned'), dx as Value);
}

export function lowerWinogradWeightGradient(lowering: Lowering, dw: ValueOf<'conv2dWeightGradient'>): string {
  const [x, dy] = [operand(dw as Value, 0), operand(dw as Value, 1)];
  const [o, c] = [dw.shape[0] as number, dw.shape[1] as number];
  const tiles = tileCount(dy);
  const dM = transform(
    lowering,
    transposed(kroneckerSquare(RESULTS)),
    lowering.rows(dy, tileOrder(...imageSize(dy))).name,
    [tiles, o],
  );
  // dU, [16, O, C]; its columns by (G⊗G) give OIHW.
  const dU = lowering.model.node('MatMul', [
    lowering.transpose(dM, [0, 2, 1]),
    transformedPixels(lowering, x),
  ]);
  const taps = lowering.model.floats(kroneckerSquare(TAPS).flat(), [16, 9]);
  const flat = lowering.reshape(dU, [16, o * c]);
  return lowering.reshape(lowering.model.node('Gemm', [flat, taps], { transA: 1 }), dw.shape);
}

/** Y = Aᵀ[U V]A in tile order, without a bias. */
function convolveTiles(lowering: Lowering, x: Value, taps: string, y: Value): Rows {
  const [n, o] = batchAndChannels(y);
  const order = tileOrder(...imageSize(y));
  const products = lowering.model.node('MatMul', [transformedPixels(lowering, x), taps]);
  const results = transform(lowering, kroneckerSquare(RESULTS), products, [tileCount(y), o]);
  return { name: lowering.reshape(results, [order.outer, n, order.inner, o]), order };
}

/** V [16, T, C]: the 4×4 pixels of every tile, transformed. */
function transformedPixels(lowering: Lowering, x: Value): string {
  const [height, width] = imageSize(x);
  const tilesPerRow = width / 2;
  const perImage = (height / 2) * tilesPerRow;
  const pattern = Int32Array.from({ length: 16 * perImage }, (_, at) => {
    const [position, tile] = [Math.floor(at / perImage), at % perImage];
    const u = 2 * Math.floor(tile / tilesPerRow) + Math.floor(position / 4) - 1;
    const v = 2 * (tile % tilesPerRow) + (position % 4) - 1;
    return u >= 0 && u < height && v >= 0 && v < width ? u * width + v : OUTSIDE;
  });
  const gathered = lowering.readPixels(x, pattern, [16, perImage]);
  return transform(lowering, kroneckerSquare(PIXELS), gathered, [tileCount(x), x.shape[1] as number]);
}

/** U: [16, C, O] for the convolution, [16, O, C] of the turned kernel for its input gradient. */
function transformedTaps(lowering: Lowering, w: Value, direction: 'forward' | 'turned'): string {
  const [o, c] = [w.shape[0] as number, w.shape[1] as number];
  const flat = lowering.reshape(lowering.plain(w), [o, c, 9]);
  const matrix = kroneckerSquare(TAPS);
  return direction === 'forward'
    ? transform(lowering, matrix, lowering.transpose(flat, [2, 1, 0]), [c, o])
    : // Turning the kernel by 180° reverses its nine taps, and so the columns of the matrix.
      transform(
        lowering,
        matrix.map((row) => [...row].reverse()),
        lowering.transpose(flat, [2, 0, 1]),
        [o, c],
      );
}

/** matrix [p, q] times x [q, …], as [p, rows, columns]. */
function transform(
  lowering: Lowering,
  matrix: Matrix,
  x: string,
  [rows, columns]: readonly [number, number],
): string {
  const [p, q] = [matrix.length, matrix[0]?.length ?? 0];
  const constant = lowering.model.floats(matrix.flat(), [p, q]);
  const product = lowering.model.node('MatMul', [constant, lowering.reshape(x, [q, rows * columns])]);
  return lowering.reshape(product, [p, rows, columns]);
}

/** T: the tiles of all images of the batch. */
function tileCount(image: Value): number {
  const [height, width] = imageSize(image);
  return ((image.shape[0] as number) * height * width) / 4;
}

/** m⊗m: applies m along both axes of a flattened square. */
function kroneckerSquare(m: Matrix): Matrix {
  return m.flatMap((rowA) => m.map((rowB) => rowA.flatMap((a) => rowB.map((b) => a * b))));
}

function transposed(m: Matrix): Matrix {
  return (m[0] ?? []).map((_, column) => m.map((row) => row[column] as number));
}
