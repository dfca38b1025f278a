/**
 * Convolution and pooling for the reference evaluator. Values and gradients share one walk over all
 * windows.
 */
import { type Shape, sizeOf } from '../../tensor/shape.js';
import type { Operand } from './evaluate-operand.js';
import type { ConvolutionAttributes, OpAttributes, PoolingAttributes, TapAttributes } from './ops.js';
import type { ImageShape } from './window-shapes.js';

/**
 * Calls visit(output row, output column, kernel row, kernel column, image position) for each tap
 * inside the image.
 */
function forEachTap(
  [height, width]: readonly [number, number],
  [rows, columns]: readonly [number, number],
  [kernelRows, kernelColumns]: readonly [number, number],
  { strides, padding, dilations = [1, 1] }: TapAttributes,
  visit: (window: number, tap: number, pixel: number) => void,
) {
  for (let p = 0; p < rows; p++) {
    for (let q = 0; q < columns; q++) {
      for (let i = 0; i < kernelRows; i++) {
        for (let j = 0; j < kernelColumns; j++) {
          const u = p * strides[0] + i * dilations[0] - padding.top;
          const v = q * strides[1] + j * dilations[1] - padding.left;
          if (u >= 0 && u < height && v >= 0 && v < width) {
            visit(p * columns + q, i * kernelColumns + j, u * width + v);
          }
        }
      }
    }
  }
}

/** Calls visit(x position, w position, y position) for each product of a convolution. */
function forEachProduct(
  xShape: Shape,
  wShape: Shape,
  yShape: Shape,
  attributes: ConvolutionAttributes,
  visit: (x: number, w: number, y: number) => void,
) {
  const [n, c, h, width] = xShape as ImageShape;
  const [o, perGroup, kh, kw] = wShape as ImageShape;
  const [rows, columns] = [yShape[2] as number, yShape[3] as number];
  const outPerGroup = o / attributes.groups;
  forEachTap([h, width], [rows, columns], [kh, kw], attributes, (window, tap, pixel) => {
    for (let b = 0; b < n; b++) {
      for (let out = 0; out < o; out++) {
        const firstChannel = Math.floor(out / outPerGroup) * perGroup;
        for (let k = 0; k < perGroup; k++) {
          visit(
            (b * c + firstChannel + k) * h * width + pixel,
            (out * perGroup + k) * kh * kw + tap,
            (b * o + out) * rows * columns + window,
          );
        }
      }
    }
  });
}

const accumulate = (into: Float64Array, at: number, x: number) => {
  into[at] = (into[at] as number) + x;
};

export function convolution(
  x: Operand,
  w: Operand,
  bias: Operand | undefined,
  attributes: ConvolutionAttributes,
  shape: Shape,
): Float64Array {
  const y = new Float64Array(sizeOf(shape));
  const perChannel = (shape[2] as number) * (shape[3] as number);
  if (bias)
    y.forEach((_, i) => {
      y[i] = bias.data[Math.floor(i / perChannel) % bias.data.length] as number;
    });
  forEachProduct(x.shape, w.shape, shape, attributes, (xAt, wAt, yAt) => {
    accumulate(y, yAt, (x.data[xAt] as number) * (w.data[wAt] as number));
  });
  return y;
}

export function convolutionInputGradient(
  w: Operand,
  dy: Operand,
  attributes: OpAttributes['conv2dInputGradient'],
): Float64Array {
  const dx = new Float64Array(sizeOf(attributes.inputShape));
  forEachProduct(attributes.inputShape, w.shape, dy.shape, attributes, (xAt, wAt, yAt) => {
    accumulate(dx, xAt, (w.data[wAt] as number) * (dy.data[yAt] as number));
  });
  return dx;
}

export function convolutionWeightGradient(
  x: Operand,
  dy: Operand,
  attributes: OpAttributes['conv2dWeightGradient'],
): Float64Array {
  const dw = new Float64Array(sizeOf(attributes.weightShape));
  forEachProduct(x.shape, attributes.weightShape, dy.shape, attributes, (xAt, wAt, yAt) => {
    accumulate(dw, wAt, (x.data[xAt] as number) * (dy.data[yAt] as number));
  });
  return dw;
}

/** Calls visit(x position, y position) for each element of each pooling window of each channel. */
function forEachPooled(
  xShape: Shape,
  yShape: Shape,
  attributes: PoolingAttributes,
  visit: (x: number, y: number) => void,
) {
  const [n, c, h, w] = xShape as ImageShape;
  const [rows, columns] = [yShape[2] as number, yShape[3] as number];
  forEachTap([h, w], [rows, columns], attributes.kernel, attributes, (window, _, pixel) => {
    for (let channel = 0; channel < n * c; channel++)
      visit(channel * h * w + pixel, channel * rows * columns + window);
  });
}

export function maxPool(x: Operand, attributes: PoolingAttributes, shape: Shape): Float64Array {
  const y = new Float64Array(sizeOf(shape)).fill(-Infinity);
  forEachPooled(x.shape, shape, attributes, (xAt, yAt) => {
    y[yAt] = Math.max(y[yAt] as number, x.data[xAt] as number);
  });
  return y;
}

export function maxPoolGradient(
  x: Operand,
  y: Operand,
  dy: Operand,
  attributes: PoolingAttributes,
): Float64Array {
  const ties = new Float64Array(y.data.length);
  forEachPooled(x.shape, y.shape, attributes, (xAt, yAt) => {
    if (x.data[xAt] === y.data[yAt]) accumulate(ties, yAt, 1);
  });
  const dx = new Float64Array(x.data.length);
  forEachPooled(x.shape, y.shape, attributes, (xAt, yAt) => {
    if (x.data[xAt] === y.data[yAt]) accumulate(dx, xAt, (dy.data[yAt] as number) / (ties[yAt] as number));
  });
  return dx;
}

/** The number of pixels in each window, without padding. */
function windowSizes(xShape: Shape, yShape: Shape, attributes: PoolingAttributes): Float64Array {
  const sizes = new Float64Array(sizeOf(yShape));
  forEachPooled(xShape, yShape, attributes, (_, yAt) => accumulate(sizes, yAt, 1));
  return sizes;
}

export function averagePool(x: Operand, attributes: PoolingAttributes, shape: Shape): Float64Array {
  const sizes = windowSizes(x.shape, shape, attributes);
  const y = new Float64Array(sizeOf(shape));
  forEachPooled(x.shape, shape, attributes, (xAt, yAt) => {
    accumulate(y, yAt, (x.data[xAt] as number) / (sizes[yAt] as number));
  });
  return y;
}

export function averagePoolGradient(
  dy: Operand,
  attributes: OpAttributes['averagePool2dGradient'],
): Float64Array {
  const sizes = windowSizes(attributes.inputShape, dy.shape, attributes);
  const dx = new Float64Array(sizeOf(attributes.inputShape));
  forEachPooled(attributes.inputShape, dy.shape, attributes, (xAt, yAt) => {
    accumulate(dx, xAt, (dy.data[yAt] as number) / (sizes[yAt] as number));
  });
  return dx;
}
