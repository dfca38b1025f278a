/**
 * Operators of windows over images [N,C,H,W] and signals [N,C,L]. Signals are images of height 1.
 */
import { formatShape } from '../../../../tensor/shape.js';
import * as g from '../../../graph/build.js';
import type { Padding, Pair } from '../../../graph/ops.js';
import { type ResizeOptions, resize } from '../../../graph/resize.js';
import type { Value } from '../../../graph/value.js';
import { reachOf } from '../../../graph/window-shapes.js';
import type { Call, ImportRule } from './call.js';
import { isKnown, traced } from './foreign-value.js';

/** The number of axes of a window: 1 of a signal, 2 of an image. */
function axesOfWindow(x: Value, call: Call): 1 | 2 {
  const axes = x.shape.length - 2;
  if (axes === 1 || axes === 2) return axes;
  return call.refuse(`reads ${formatShape(x.shape)}, expected images [N,C,H,W] or signals [N,C,L]`);
}

const asImage = (x: Value) => {
  const [n = 1, c = 1, ...rest] = x.shape;
  return rest.length === 1 ? g.reshape(x, [n, c, 1, ...rest]) : x;
};

/** An image of height 1 as the signal that it was. */
const like = (y: Value, axes: 1 | 2) => {
  const [n = 1, c = 1, , length = 1] = y.shape;
  return axes === 1 ? g.reshape(y, [n, c, length]) : y;
};

/** Numbers for height and width, from those of an attribute. */
function pairOf(list: readonly number[] | undefined, axes: 1 | 2, standard: number): Pair {
  if (list === undefined) return axes === 1 ? [1, standard] : [standard, standard];
  return axes === 1 ? [1, list[0] ?? standard] : [list[0] ?? standard, list[1] ?? standard];
}

interface Window {
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly padding: Padding;
}

function windowOf(image: Value, kernel: Pair, axes: 1 | 2, call: Call): Window {
  const strides = pairOf(call.ints('strides'), axes, 1);
  const dilations = pairOf(call.ints('dilations'), axes, 1);
  const pads = call.ints('pads') ?? [];
  const [top, left, bottom, right] =
    axes === 1 ? [0, pads[0] ?? 0, 0, pads[1] ?? 0] : [0, 1, 2, 3].map((index) => pads[index] ?? 0);
  const given = { top: top ?? 0, left: left ?? 0, bottom: bottom ?? 0, right: right ?? 0 };
  const [rows, columns] = [0, 1].map((axis) => {
    const [extent, stride] = [image.shape[axis + 2] ?? 1, strides[axis] ?? 1];
    const reach = reachOf(kernel[axis] ?? 1, dilations[axis] ?? 1);
    return Math.max(0, (Math.ceil(extent / stride) - 1) * stride + reach - extent);
  }) as [number, number];
  const half = (total: number, isMoreAfter: boolean) =>
    isMoreAfter
      ? [Math.floor(total / 2), Math.ceil(total / 2)]
      : [Math.ceil(total / 2), Math.floor(total / 2)];
  const same = (isMoreAfter: boolean): Padding => {
    const [top = 0, bottom = 0] = half(rows, isMoreAfter);
    const [left = 0, right = 0] = half(columns, isMoreAfter);
    return { top, left, bottom, right };
  };
  const padding: Padding | undefined = {
    NOTSET: given,
    VALID: { top: 0, left: 0, bottom: 0, right: 0 },
    SAME_UPPER: same(true),
    SAME_LOWER: same(false),
  }[call.text('auto_pad') ?? 'NOTSET'];
  if (padding === undefined) return call.refuse(`has the auto_pad "${call.text('auto_pad')}"`);
  return { kernel, strides, dilations, padding };
}

/** Zeros are the same as none, and cheaper. */
function biasOf(call: Call): Value | undefined {
  if (!call.has(2)) return undefined;
  const bias = call.operand(2);
  return isKnown(bias) && bias.numbers.every((number) => number === 0) ? undefined : call.floats(2);
}

const convolution: ImportRule = (call) => {
  const x = call.floats(0);
  const axes = axesOfWindow(x, call);
  const image = asImage(x);
  const weight = asImage(call.floats(1));
  const [, , height = 1, width = 1] = weight.shape;
  const { strides, dilations, padding } = windowOf(image, [height, width], axes, call);
  const options = { strides, dilations, padding, groups: call.int('group') ?? 1 };
  return traced(like(g.conv2d(image, weight, biasOf(call), options), axes));
};

const transposedConvolution: ImportRule = (call) => {
  const x = call.floats(0);
  const axes = axesOfWindow(x, call);
  const weight = asImage(call.floats(1));
  const [, , height = 1, width = 1] = weight.shape;
  const image = asImage(x);
  if ((call.text('auto_pad') ?? 'NOTSET') !== 'NOTSET' || call.ints('output_shape') !== undefined) {
    return call.refuse('has auto_pad or output_shape, expected pads');
  }
  const { strides, dilations, padding } = windowOf(image, [height, width], axes, call);
  const rest = call.ints('output_padding') ?? [];
  const outputPadding: Pair = axes === 1 ? [0, rest[0] ?? 0] : [rest[0] ?? 0, rest[1] ?? 0];
  const options = { strides, dilations, padding, groups: call.int('group') ?? 1, outputPadding };
  return traced(like(g.convTranspose2d(image, weight, biasOf(call), options), axes));
};

/** With ceil_mode the last window may reach beyond the padding: that is more padding there. */
function roundedUp(image: Value, { kernel, strides, padding }: Window): Padding {
  const more = (axis: 0 | 1, before: number, after: number) => {
    const extent = image.shape[axis + 2] ?? 1;
    const free = extent + before + after - kernel[axis];
    const windows = Math.ceil(free / strides[axis]) + 1;
    // A window that begins in the padding after the image is none.
    const count = (windows - 1) * strides[axis] >= extent + before ? windows - 1 : windows;
    return after + Math.max(0, (count - 1) * strides[axis] + kernel[axis] - (extent + before + after));
  };
  return {
    top: padding.top,
    left: padding.left,
    bottom: more(0, padding.top, padding.bottom),
    right: more(1, padding.left, padding.right),
  };
}

const pooling =
  (pool: (image: Value, window: Window, call: Call) => Value): ImportRule =>
  (call) => {
    const x = call.floats(0);
    const axes = axesOfWindow(x, call);
    const image = asImage(x);
    const kernel = pairOf(call.ints('kernel_shape'), axes, 1);
    const window = windowOf(image, kernel, axes, call);
    if (window.dilations.some((dilation) => dilation !== 1)) {
      return call.refuse('has dilations, expected a pooling without');
    }
    const padding = call.int('ceil_mode') === 1 ? roundedUp(image, window) : window.padding;
    return traced(like(pool(image, { ...window, padding }, call), axes));
  };

const averagePool = (image: Value, { kernel, strides, padding }: Window, call: Call): Value => {
  const { top, left, bottom, right } = padding;
  if (call.int('count_include_pad') !== 1 || top + left + bottom + right === 0) {
    return g.averagePool2d(image, { kernel, strides, padding });
  }
  if (call.int('ceil_mode') === 1) {
    return call.refuse('has count_include_pad and ceil_mode, expected one of them');
  }
  return g.averagePool2d(g.pad(image, [0, 0, top, left], [0, 0, bottom, right]), { kernel, strides });
};

/** Over all places of each channel. */
const ofChannels =
  (reduce: (x: Value, axes: readonly number[], keepDims: boolean) => Value): ImportRule =>
  (call) => {
    const x = call.floats(0);
    return traced(reduce(x, [...x.shape.keys()].slice(2), true));
  };

const MODES = ['nearest', 'linear'] as const;
const COORDINATES = ['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric'] as const;
const ROUNDINGS = ['floor', 'ceil', 'round_prefer_floor', 'round_prefer_ceil'] as const;

/** One of the texts that are known; refused if it is another. */
function oneOf<Text extends string>(call: Call, name: string, known: readonly Text[], standard: Text): Text {
  const text = call.text(name) ?? standard;
  return (
    known.find((one) => one === text) ??
    call.refuse(`has the ${name} "${text}", expected ${known.join(', ')}`)
  );
}

const resized: ImportRule = (call) => {
  const x = call.floats(0);
  if (x.shape.length !== 4) return call.refuse(`resizes ${formatShape(x.shape)}, expected images [N,C,H,W]`);
  if (call.opset < 11) return call.refuse('is of an opset before 11', 'export with opset_version=18');
  const isUpsample = call.node.operator === 'Upsample';
  const scales = call.numbers(isUpsample ? 1 : 2) ?? [];
  const sizes = isUpsample ? undefined : call.numbers(3);
  const axes = call.ints('axes');
  const at = (list: readonly number[], axis: number) => list[axes === undefined ? axis : axes.indexOf(axis)];
  const extents = [2, 3].map((axis) => {
    const own = x.shape[axis] ?? 1;
    return sizes !== undefined && sizes.length > 0
      ? (at(sizes, axis) ?? own)
      : Math.floor(own * (at(scales, axis) ?? 1));
  }) as [number, number];
  const [, , rows = 1, columns = 1] = x.shape;
  // The matrices that resize an axis.
  call.spend(extents[0] * rows + extents[1] * columns);
  const [down, across] = [at(scales, 2), at(scales, 3)];
  const mode = oneOf(call, 'mode', MODES, 'nearest');
  const options: ResizeOptions = {
    mode,
    coordinates: oneOf(
      call,
      'coordinate_transformation_mode',
      COORDINATES,
      isUpsample ? 'asymmetric' : 'half_pixel',
    ),
    rounding: oneOf(call, 'nearest_mode', ROUNDINGS, isUpsample ? 'floor' : 'round_prefer_floor'),
    ...(down !== undefined && across !== undefined && { scales: [down, across] as Pair }),
  };
  if (call.int('antialias') === 1) call.refuse('has antialias, expected none');
  return traced(resize(x, extents, options));
};

export const windowRules = {
  AveragePool: pooling(averagePool),
  Conv: convolution,
  ConvTranspose: transposedConvolution,
  GlobalAveragePool: ofChannels(g.reduceMean),
  GlobalMaxPool: ofChannels(g.reduceMax),
  MaxPool: pooling((image, { kernel, strides, padding }) => g.maxPool2d(image, { kernel, strides, padding })),
  Resize: resized,
  Upsample: resized,
} as const satisfies Readonly<Record<string, ImportRule>>;
