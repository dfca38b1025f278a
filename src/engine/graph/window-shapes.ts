/** The shapes of images, and how many windows of a convolution or a pooling they have. */
import { formatShape, type Shape } from '../../tensor/shape.js';
import type { ConvolutionAttributes, OpName, Pair, TapAttributes } from './ops.js';
import { GraphError } from './value.js';

/** The pixels from the first tap of a window to its last, along one axis. */
export const reachOf = (taps: number, dilation: number) => (taps - 1) * dilation + 1;

/** The number of windows along height and width. */
export function windowCounts(
  op: OpName,
  image: readonly [number, number],
  kernel: readonly [number, number],
  { strides, padding, dilations = [1, 1] }: TapAttributes,
): [number, number] {
  const { top, left, bottom, right } = padding;
  if (![...strides, ...kernel, ...dilations].every((count) => Number.isInteger(count) && count > 0)) {
    const spread = dilations.every((dilation) => dilation === 1)
      ? ''
      : ` and dilations ${dilations.join('×')}`;
    throw new GraphError(
      `${op}: a ${kernel.join('×')} window with strides ${strides.join('×')}${spread}, expected whole numbers above 0`,
    );
  }
  if (![top, left, bottom, right].every((count) => Number.isInteger(count) && count >= 0)) {
    throw new GraphError(
      `${op}: padding ${[top, left, bottom, right].join(', ')} (top, left, bottom, right), expected whole numbers`,
    );
  }
  const reach = [reachOf(kernel[0], dilations[0]), reachOf(kernel[1], dilations[1])] as const;
  const height = Math.floor((image[0] + padding.top + padding.bottom - reach[0]) / strides[0]) + 1;
  const width = Math.floor((image[1] + padding.left + padding.right - reach[1]) / strides[1]) + 1;
  if (height < 1 || width < 1) {
    throw new GraphError(
      `${op}: a ${reach.join('×')} window does not fit into an image of ${image.join('×')}`,
    );
  }
  return [height, width];
}

/** The rows and columns of a padded image that lie after its last window. */
export function afterLastWindow(
  [height, width]: Pair,
  [rows, columns]: Pair,
  [kh, kw]: Pair,
  { strides, padding, dilations = [1, 1] }: TapAttributes,
): Pair {
  return [
    height + padding.top + padding.bottom - ((rows - 1) * strides[0] + reachOf(kh, dilations[0])),
    width + padding.left + padding.right - ((columns - 1) * strides[1] + reachOf(kw, dilations[1])),
  ];
}

export type ImageShape = readonly [number, number, number, number];

/** Checks that a shape has four axes: [N,C,H,W] or [O,I,kh,kw]. */
export function rank4(op: OpName | 'convTranspose2d' | 'resize', shape: Shape, what: string): ImageShape {
  if (shape.length !== 4)
    throw new GraphError(`${op}: ${what} must have four axes, got ${formatShape(shape)}`);
  return shape as unknown as ImageShape;
}

/** The shape of a convolution of x by w. */
export function convolvedShape(
  op: OpName,
  x: Shape,
  w: Shape,
  attributes: ConvolutionAttributes,
): [number, number, number, number] {
  const [n, c, height, width] = rank4(op, x, 'x');
  const [o, perGroup, kh, kw] = rank4(op, w, 'the weight');
  if (perGroup * attributes.groups !== c || o % attributes.groups !== 0) {
    throw new GraphError(
      `${op}: weight ${formatShape(w)} in ${attributes.groups} groups does not fit ${c} channels`,
    );
  }
  return [n, o, ...windowCounts(op, [height, width], [kh, kw], attributes)];
}
