/**
 * Address arithmetic of convolution and pooling: which pixel each tap of a window reads. Pixels and
 * windows are row-major.
 */

import { type Shape, sameShape } from '../../../tensor/shape.js';
import type { ConvolutionAttributes, Pair, PoolingAttributes, TapAttributes } from '../../graph/ops.js';
import { OUTSIDE } from './lowering.js';

/** The pixel that tap `tap` of window `window` reads, or OUTSIDE if that is padding. */
export function pixelOfTap(
  [height, width]: Pair,
  windowsPerRow: number,
  kernel: Pair,
  { strides, padding, dilations = [1, 1] }: TapAttributes,
  window: number,
  tap: number,
): number {
  const u =
    Math.floor(window / windowsPerRow) * strides[0] +
    Math.floor(tap / kernel[1]) * dilations[0] -
    padding.top;
  const v = (window % windowsPerRow) * strides[1] + (tap % kernel[1]) * dilations[1] - padding.left;
  return u >= 0 && u < height && v >= 0 && v < width ? u * width + v : OUTSIDE;
}

/** The window whose tap `tap` reads this pixel, or OUTSIDE if there is none. */
export function windowOfPixel(
  [rows, columns]: Pair,
  imageWidth: number,
  kernel: Pair,
  { strides, padding, dilations = [1, 1] }: TapAttributes,
  pixel: number,
  tap: number,
): number {
  const u = Math.floor(pixel / imageWidth) + padding.top - Math.floor(tap / kernel[1]) * dilations[0];
  const v = (pixel % imageWidth) + padding.left - (tap % kernel[1]) * dilations[1];
  const [p, q] = [u / strides[0], v / strides[1]];
  const exists = Number.isInteger(p) && Number.isInteger(q) && p >= 0 && p < rows && q >= 0 && q < columns;
  return exists ? p * columns + q : OUTSIDE;
}

/** Whether two convolutions move the same windows over images of one size. */
export function sameWindows(a: ConvolutionAttributes, b: ConvolutionAttributes): boolean {
  const numbers = ({ strides, padding, dilations }: ConvolutionAttributes) => [
    ...[padding.top, padding.left, padding.bottom, padding.right],
    ...[...strides, ...dilations],
  ];
  return sameShape(numbers(a), numbers(b));
}

/** Whether the windows touch without overlap, gap, padding or remainder. */
export function isExactPooling(
  x: { readonly shape: Shape },
  { kernel, strides, padding }: PoolingAttributes,
): boolean {
  const [height, width] = [x.shape[2] as number, x.shape[3] as number];
  return (
    kernel[0] === strides[0] &&
    kernel[1] === strides[1] &&
    padding.top + padding.left + padding.bottom + padding.right === 0 &&
    height % kernel[0] === 0 &&
    width % kernel[1] === 0
  );
}
