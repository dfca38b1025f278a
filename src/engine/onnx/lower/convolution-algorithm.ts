/**
 * Which algorithm a convolution of one shape gets, for all three passes. Groups leave the plain
 * operator. Otherwise the cheapest of three, by the time for one pixel of the result, in
 * multiplications of a matrix product:
 *
 *     gather      k·C·O  +  25·k·C                       k taps
 *     winograd    q·C·O  +  (40 + (m+2)²)·(q·C + O)      tiles of m×m, q = ((m+2)/m)² numbers a pixel
 *
 * A gathered number costs as much as 25 multiplications; one that is transformed for Winograd, or
 * back, 40 on its way and those of its transform. The constants are measured (docs/performance.md)
 * on machines whose cores multiply 45 and 130 numbers in a nanosecond. They hold within a third,
 * and a tie may fall either way.
 */

import type { Shape } from '../../../tensor/shape.js';
import type { ConvolutionAttributes } from '../../graph/ops.js';
import type { ImageShape } from '../../graph/shapes.js';
import { operand, type Value, type ValueOf } from '../../graph/value.js';
import { type TileSize, winogradTiles } from './winograd.js';

export type ConvolutionAlgorithm = 'plain' | 'gather' | `winograd${TileSize}`;

/** The tile size of Winograd's algorithm; undefined for the others. */
export function tileOf(algorithm: ConvolutionAlgorithm): TileSize | undefined {
  return algorithm === 'winograd2' ? 2 : algorithm === 'winograd4' ? 4 : undefined;
}

/**
 * How many numbers an image [1,C,H,W] becomes for its convolution y: its columns, or its
 * transformed tiles.
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

/** q: how many numbers a tile has for each pixel of its result. */
const positionsPerPixel = (m: TileSize) => ((m + 2) / m) ** 2;

export function convolutionAlgorithm(
  attributes: ConvolutionAttributes,
  image: Shape,
  weight: Shape,
): ConvolutionAlgorithm {
  if (attributes.groups > 1) return 'plain';
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
 * Multiplications as fast as one of the plain operator, and those that a number of its columns
 * costs.
 */
const PLAIN = 1.5;
const PLAIN_COLUMN = 20;
/** Bringing a number from rows to NCHW or back. */
const TURNED = 30;

/**
 * The input gradient gathers k·O numbers for each pixel of the image, also where few windows reach
 * it; the plain operator multiplies windows, k·C numbers each, and adds them to the image. It is
 * the cheaper for few channels and large kernels.
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
