/**
 * Chooses the algorithm for a convolution of one shape, for all three passes. Convolutions in
 * groups and dilated ones use the plain operator. Otherwise the cheapest of three is used, by the
 * time for one pixel of the result, in multiplications of a matrix product:
 *
 *     gather      k·C·O  +  25·k·C                       k taps
 *     winograd    q·C·O  +  (40 + (m+2)²)·(q·C + O)      tiles of m×m, q = ((m+2)/m)² numbers a pixel
 *
 * A gathered number costs as much as 25 multiplications. A number that Winograd transforms, forward
 * or back, costs 40 for its move and those of its transform. The constants were measured
 * (docs/performance.md) on machines whose cores multiply 45 and 130 numbers in a nanosecond. They
 * hold within a third; a near tie may be decided either way.
 */

import type { Shape } from '../../../tensor/shape.js';
import type { ConvolutionAttributes } from '../../graph/ops.js';
import { operand, type Value, type ValueOf } from '../../graph/value.js';
import type { ImageShape } from '../../graph/window-shapes.js';
import { type TileSize, winogradTiles } from './winograd.js';

export type ConvolutionAlgorithm = 'plain' | 'gather' | `winograd${TileSize}`;

/** The tile size of Winograd's algorithm; undefined for the other algorithms. */
export function tileOf(algorithm: ConvolutionAlgorithm): TileSize | undefined {
  return algorithm === 'winograd2' ? 2 : algorithm === 'winograd4' ? 4 : undefined;
}

/**
 * The size of the operand that an image [1,C,H,W] becomes for its convolution y: its columns, or
 * its transformed tiles.
 */
export function convolutionOperandSize(y: ValueOf<'conv2d'>): number {
  const [image, weight] = [operand(y as Value, 0).shape, operand(y as Value, 1).shape];
  const [, c, kh, kw] = weight as ImageShape;
  const pixels = (y.shape[2] as number) * (y.shape[3] as number);
  const algorithm = convolutionAlgorithm(y.attributes, image, weight);
  const tile = tileOf(algorithm);
  const perPixel = tile !== undefined ? positionsPerPixel(tile) : algorithm === 'gather' ? kh * kw : 1;
  return perPixel * c * pixels;
}

const GATHERED = 25;
const MOVED = 40;

/** q: the numbers in a tile for each pixel of its result. */
const positionsPerPixel = (m: TileSize) => ((m + 2) / m) ** 2;

export function convolutionAlgorithm(
  attributes: ConvolutionAttributes,
  image: Shape,
  weight: Shape,
): ConvolutionAlgorithm {
  if (attributes.groups > 1 || attributes.dilations.some((dilation) => dilation > 1)) return 'plain';
  const [o, c, kh, kw] = weight as ImageShape;
  let best: ConvolutionAlgorithm = 'gather';
  let least = kh * kw * c * o + GATHERED * kh * kw * c;
  for (const m of winogradTiles(attributes, image, weight)) {
    const q = positionsPerPixel(m);
    const cost = q * c * o + (MOVED + (m + 2) ** 2) * (q * c + o);
    if (cost < least) [best, least] = [`winograd${m}`, cost];
  }
  return best;
}

/**
 * The relative cost of a multiplication in the plain operator, and the cost of one number of its
 * columns.
 */
const PLAIN = 1.5;
const PLAIN_COLUMN = 20;
/** The cost of converting a number from rows to NCHW or back. */
const TURNED = 30;

/**
 * The input gradient gathers k·O numbers for each pixel of the image, even if few windows read it.
 * The plain operator multiplies windows, k·C numbers each, and adds them to the image. It is
 * cheaper for few channels and large kernels.
 */
export function inputGradientAlgorithm(
  attributes: ConvolutionAttributes,
  image: Shape,
  weight: Shape,
  dy: Shape,
): ConvolutionAlgorithm {
  const algorithm = convolutionAlgorithm(attributes, image, weight);
  if (algorithm !== 'gather') return algorithm;
  const [o, c, kh, kw] = weight as ImageShape;
  const [pixels, windows] = [image, dy].map((shape) => (shape[2] as number) * (shape[3] as number)) as [
    number,
    number,
  ];
  const reached = (kh * kw) / (attributes.strides[0] * attributes.strides[1]);
  const gather = pixels * reached * (o * c + GATHERED * o);
  const plain = windows * kh * kw * (PLAIN * o * c + PLAIN_COLUMN * c) + TURNED * (windows * o + pixels * c);
  return plain < gather ? 'plain' : 'gather';
}
