/**
 * Which algorithm a convolution of one shape gets, for all three passes. Groups leave the plain operator. Otherwise the
 * cheaper of two, by the time for one pixel of the result, in multiplications of a matrix product:
 *
 *     gather      k·C·O  +  25·k·C          k taps; a gathered number costs as much as 25 multiplications
 *     winograd    4·C·O  +  50·4·(C+O)      4 numbers a pixel, gathered and transformed, of image and result
 *
 * The two constants are measured (docs/performance.md): a core multiplies about 130 numbers in a nanosecond, and moves 5
 * by a gather. They hold within a third on the machines seen, and a tie may fall either way.
 */
import type { ConvolutionAttributes } from '../../graph/ops.js';
import type { ImageShape } from '../../graph/shapes.js';
import { operand, type Value, type ValueOf } from '../../graph/value.js';
import type { Shape } from '../../tensor/shape.js';
import { winogradFits } from './winograd.js';

export type ConvolutionAlgorithm = 'plain' | 'gather' | 'winograd';

/** How many numbers an image [1,C,H,W] becomes for its convolution y: its columns, or its transformed tiles. */
export function convolutionOperandSize(y: ValueOf<'conv2d'>): number {
  const [image, weight] = [operand(y as Value, 0).shape, operand(y as Value, 1).shape];
  const [, c, kh, kw] = weight as ImageShape;
  const pixels = (y.shape[2] as number) * (y.shape[3] as number);
  const perPixel = { plain: 1, gather: kh * kw, winograd: 4 };
  return perPixel[convolutionAlgorithm(y.attributes, image, weight)] * c * pixels;
}

const GATHERED = 25;
const TRANSFORMED = 50;

export function convolutionAlgorithm(
  attributes: ConvolutionAttributes,
  image: Shape,
  weight: Shape,
): ConvolutionAlgorithm {
  if (attributes.groups > 1) return 'plain';
  const [o, c, kh, kw] = weight as ImageShape;
  const gather = kh * kw * c * o + GATHERED * kh * kw * c;
  const winograd = 4 * c * o + TRANSFORMED * 4 * (c + o);
  return winogradFits(attributes, image, weight) && winograd < gather ? 'winograd' : 'gather';
}

/** Multiplications as fast as one of the plain operator, and those that a number of its columns costs. */
const PLAIN = 1.5;
const PLAIN_COLUMN = 20;
/** Bringing a number from rows to NCHW or back. */
const TURNED = 30;

/**
 * The input gradient gathers k·O numbers for each pixel of the image, also where few windows reach it; the plain operator
 * multiplies windows, k·C numbers each, and adds them to the image. It is the cheaper for few channels and large kernels.
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
