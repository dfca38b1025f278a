/**
 * Winograd's minimal filtering F(m×m, 3×3) for convolutions with 3×3 kernels and stride 1 (Lavin
 * and Gray 2016, https://arxiv.org/abs/1509.09308). A tile of m×m results needs (m+2)×(m+2) pixels
 * d and the kernel g:
 *
 *     Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A
 *
 * With the tile's P = (m+2)² positions flattened, each two-sided transform is one matrix product or
 * two. The ⊙, summed over channels, becomes P products of matrices: V [P, T, C] times U [P, C, O].
 * That is 2.25 times fewer multiplications than the direct way with tiles of 2×2, and 4 times fewer
 * with 4×4. The transposed transforms give the gradients:
 *
 *     dM = (A⊗A) dY,   dU = Vᵀ dM,   dg = (G⊗G)ᵀ dU
 *
 * and dX is the convolution of dY with the kernel turned by 180° and its channels exchanged.
 * Results are grouped by their place in the tile, which is phase order (`tileOrder`).
 */

import type { Shape } from '../../../tensor/shape.js';
import type { ConvolutionAttributes } from '../../graph/ops.js';
import { operand, type Value, type ValueOf } from '../../graph/value.js';
import { batchAndChannels, imageSize, type Lowering, OUTSIDE, type Rows } from './lowering.js';
import { tileOrder } from './row-order.js';
import { kroneckerSquare, type Matrix, type MinimalFilter, minimalFilter, transposed } from './toom-cook.js';

/** m, the height and width of a tile of results. */
export type TileSize = 2 | 4;

/**
 * The points of F(4, 3) are the halves and quarters with the smallest rounding errors: on average 4
 * times those of a direct convolution in float32, where 0, ±1, ±2 would give 12 times.
 */
const FILTERS: Readonly<Record<TileSize, MinimalFilter>> = {
  2: minimalFilter([0, 1, -1], 2),
  4: minimalFilter([0, 0.75, -0.75, 1.5, -1.5], 4),
};

/** The tile sizes that fit a convolution of an image and a weight with these shapes. */
export function winogradTiles(attributes: ConvolutionAttributes, image: Shape, weight: Shape): TileSize[] {
  const { strides, padding, groups } = attributes;
  const [, , height, width] = image as readonly [number, number, number, number];
  const [, , kh, kw] = weight as readonly [number, number, number, number];
  const { top, left, bottom, right } = padding;
  const fits =
    kh === 3 &&
    kw === 3 &&
    groups === 1 &&
    strides[0] === 1 &&
    strides[1] === 1 &&
    [top, left, bottom, right].every((side) => side === 1);
  return fits ? ([2, 4] as const).filter((m) => height % m === 0 && width % m === 0) : [];
}

export function lowerWinogradConvolution(lowering: Lowering, y: ValueOf<'conv2d'>, m: TileSize): Rows {
  const [x, w, bias] = y.inputs as readonly [Value, Value, Value | undefined];
  const taps = lowering.transpose(transformedTaps(lowering, w, 'forward', m), [0, 2, 1]);
  const rows = convolveTiles(lowering, x, taps, y as Value, m);
  if (bias === undefined) return rows;
  return { ...rows, name: lowering.model.node('Add', [rows.name, lowering.plain(bias)]) };
}

export function lowerWinogradInputGradient(
  lowering: Lowering,
  dx: ValueOf<'conv2dInputGradient'>,
  m: TileSize,
): Rows {
  const [w, dy] = [operand(dx as Value, 0), operand(dx as Value, 1)];
  return convolveTiles(lowering, dy, transformedTaps(lowering, w, 'turned', m), dx as Value, m);
}

export function lowerWinogradWeightGradient(
  lowering: Lowering,
  dw: ValueOf<'conv2dWeightGradient'>,
  m: TileSize,
): string {
  const [x, dy] = [operand(dw as Value, 0), operand(dw as Value, 1)];
  const [o, c] = [dw.shape[0] as number, dw.shape[1] as number];
  const { fromProducts, toTaps } = FILTERS[m];
  const dM = transform(
    lowering,
    transposed(fromProducts),
    lowering.rows(dy, tileOrder(...imageSize(dy), m)).name,
    [tileCount(dy, m), o],
  );
  // dU, [P, O, C]; its columns multiplied by (G⊗G) give OIHW.
  const dU = lowering.model.node('MatMul', [
    lowering.transpose(dM, [0, 2, 1]),
    transformedPixels(lowering, x, m),
  ]);
  const positions = (m + 2) ** 2;
  const taps = lowering.model.floats(kroneckerSquare(toTaps).flat(), [positions, 9]);
  const flat = lowering.reshape(dU, [positions, o * c]);
  return lowering.reshape(lowering.model.node('Gemm', [flat, taps], { transA: 1 }), dw.shape);
}

/** Y = Aᵀ[U V]A in tile order, without a bias. */
function convolveTiles(lowering: Lowering, x: Value, taps: string, y: Value, m: TileSize): Rows {
  const [n, o] = batchAndChannels(y);
  const order = tileOrder(...imageSize(y), m);
  const products = lowering.model.node('MatMul', [transformedPixels(lowering, x, m), taps]);
  const results = transform(lowering, FILTERS[m].fromProducts, products, [tileCount(y, m), o]);
  return { name: lowering.reshape(results, [order.outer, n, order.inner, o]), order };
}

/** V [P, T, C]: the transformed pixels of each tile. */
function transformedPixels(lowering: Lowering, x: Value, m: TileSize): string {
  const [height, width] = imageSize(x);
  const [tilesPerRow, side] = [width / m, m + 2];
  const perImage = (height / m) * tilesPerRow;
  const pattern = Int32Array.from({ length: side * side * perImage }, (_, at) => {
    const [position, tile] = [Math.floor(at / perImage), at % perImage];
    const u = m * Math.floor(tile / tilesPerRow) + Math.floor(position / side) - 1;
    const v = m * (tile % tilesPerRow) + (position % side) - 1;
    return u >= 0 && u < height && v >= 0 && v < width ? u * width + v : OUTSIDE;
  });
  const gathered = lowering.readPixels(x, pattern, [side * side, perImage]);
  return transform(lowering, FILTERS[m].toPixels, gathered, [tileCount(x, m), x.shape[1] as number]);
}

/**
 * U [P, O, C]: of OIHW, read transposed where it lies, by one product. Turning the kernel by 180°
 * for the input gradient reverses its nine taps, and so the columns of the matrix.
 */
function transformedTaps(lowering: Lowering, w: Value, direction: 'forward' | 'turned', m: TileSize): string {
  const [o, c] = [w.shape[0] as number, w.shape[1] as number];
  const rows = kroneckerSquare(FILTERS[m].toTaps);
  const matrix = direction === 'forward' ? rows : rows.map((row) => [...row].reverse());
  const { model } = lowering;
  const taps = model.node(
    'Gemm',
    [model.floats(matrix.flat(), [matrix.length, 9]), lowering.reshape(lowering.plain(w), [o * c, 9])],
    { transB: 1 },
  );
  return lowering.reshape(taps, [matrix.length, o, c]);
}

/**
 * m·x·mᵀ for each square x of a stack [q², rows, columns], as [p², rows, columns], where m is [p,
 * q]. A product with the Kronecker square of m reads the stack once. A product along each axis
 * reads it twice, but needs so many fewer multiplications for the larger tiles that it is faster.
 */
function transform(
  lowering: Lowering,
  m: Matrix,
  x: string,
  [rows, columns]: readonly [number, number],
): string {
  const { model } = lowering;
  const [p, q] = [m.length, m[0]?.length ?? 0];
  const size = rows * columns;
  const product = (matrix: Matrix, factor: string) =>
    model.node('MatMul', [model.floats(matrix.flat(), [matrix.length, matrix[0]?.length ?? 0]), factor]);
  const transformed =
    p * q <= 16
      ? product(kroneckerSquare(m), lowering.reshape(x, [q * q, size]))
      : product(m, lowering.reshape(product(m, lowering.reshape(x, [q, q * size])), [p, q, size]));
  return lowering.reshape(transformed, [p * p, rows, columns]);
}

/** T: the number of tiles of all images in the batch. */
function tileCount(image: Value, m: TileSize): number {
  const [height, width] = imageSize(image);
  return ((image.shape[0] as number) * height * width) / m ** 2;
}
