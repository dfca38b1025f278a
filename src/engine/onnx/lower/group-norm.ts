/**
 * Group norm in rows (Wu and He 2018, https://arxiv.org/abs/1803.08494). With m and s =
 * 1/√(variance + ε) the mean and inverse deviation of a number's group, and c = x − m,
 *
 *     y = c·(s·scale) + shift
 *     dscale = Σ s·(dy·c)
 *     dx = s·scale·dy − s·a − s³·b·c      a, b: the means of scale·dy and of scale·dy·c over the group
 *
 * The forward pass needs four passes over the image and the backward pass five, since c and s are
 * computed once for all three. Sums over an image are first taken over its lines, as a product with
 * a row of ones. One more product adds up places and channels at once: its matrix repeats, for each
 * place of a line, the mean over each group's channels.
 */
import { operand, type Value, type ValueOf } from '../../graph/value.js';
import { batchAndChannels, type Lowering, type Rows } from './lowering.js';
import type { RowOrder } from './row-order.js';

type GroupNorm = ValueOf<'groupNorm'> | ValueOf<'groupNormInputGradient'> | ValueOf<'groupNormScaleGradient'>;

export function lowerGroupNorm(lowering: Lowering, y: ValueOf<'groupNorm'>): Rows {
  const { model } = lowering;
  const [, scale, shift] = y.inputs as readonly [Value, Value, Value];
  const { order, centred, inverse } = standardized(lowering, y);
  const scaled = model.node('Mul', [centred, overLine(lowering, y, order, slopes(lowering, inverse, scale))]);
  const shifts = overLine(lowering, y, order, perChannel(lowering, shift));
  return { name: model.node('Add', [scaled, shifts]), order };
}

export function lowerGroupNormInputGradient(lowering: Lowering, dx: ValueOf<'groupNormInputGradient'>): Rows {
  const { model } = lowering;
  const [x, scale, dy] = dx.inputs as readonly [Value, Value, Value];
  const { order, centred, inverse } = standardized(lowering, dx);
  const gradient = lowering.rows(dy, order).name;
  const groups = groupMeans(lowering, dx, order, perChannel(lowering, scale));
  const meanOf = (name: string) =>
    pixel(lowering, x, model.node('MatMul', [sumOfLines(lowering, name, x, order), groups]));
  const [a, b] = [meanOf(gradient), meanOf(model.node('Mul', [gradient, centred]))];
  const cubed = model.node('Mul', [model.node('Mul', [inverse, inverse]), inverse]);
  const along = (factor: string) => overLine(lowering, dx, order, factor);
  const projected = model.node('Add', [
    model.node('Mul', [centred, along(model.node('Mul', [cubed, b]))]),
    along(model.node('Mul', [inverse, a])),
  ]);
  const direct = model.node('Mul', [gradient, along(slopes(lowering, inverse, scale))]);
  return { name: model.node('Sub', [direct, projected]), order };
}

export function lowerGroupNormScaleGradient(
  lowering: Lowering,
  dScale: ValueOf<'groupNormScaleGradient'>,
): string {
  const { model } = lowering;
  const [x, dy] = dScale.inputs as readonly [Value, Value];
  const [n, c] = batchAndChannels(x);
  const { order, centred, inverse } = standardized(lowering, dScale);
  const products = model.node('Mul', [lowering.rows(dy, order).name, centred]);
  const places = lowering.reshape(sumOfLines(lowering, products, x, order), [1, n, order.inner, c]);
  const sums = model.node('ReduceSum', [model.node('Mul', [places, inverse]), model.int64s([0, 1, 2])], {
    keepdims: 0,
  });
  return lowering.reshape(sums, dScale.shape);
}

/** c [outer, N, inner, C] and s [1, N, 1, C] of the normalized image. Equal nodes are made once. */
function standardized(lowering: Lowering, y: GroupNorm) {
  const { model } = lowering;
  const x = operand(y as Value, 0);
  const { name, order } = lowering.anyRows(x);
  const groups = groupMeans(lowering, y, order);
  const meanOf = (numbers: string) =>
    pixel(lowering, x, model.node('MatMul', [sumOfLines(lowering, numbers, x, order), groups]));
  const centred = model.node('Sub', [name, overLine(lowering, x, order, meanOf(name))]);
  const variance = meanOf(model.node('Mul', [centred, centred]));
  const deviation = model.node('Sqrt', [model.node('Add', [variance, model.floats([y.attributes.epsilon])])]);
  return { order, centred, inverse: model.node('Reciprocal', [deviation]) };
}

/** s·scale [1, N, 1, C]. */
const slopes = (lowering: Lowering, inverse: string, scale: Value) =>
  lowering.model.node('Mul', [inverse, perChannel(lowering, scale)]);

const perChannel = (lowering: Lowering, vector: Value) =>
  lowering.reshape(lowering.plain(vector), [1, 1, 1, vector.shape[0] as number]);

/** A number for each image and channel, as rows of one pixel. */
const pixel = (lowering: Lowering, x: Value, numbers: string) =>
  lowering.reshape(numbers, [1, x.shape[0] as number, 1, x.shape[1] as number]);

/**
 * Repeats it along a line: runtimes broadcast long runs of numbers four times as fast as runs of C.
 */
function overLine(
  lowering: Lowering,
  image: Value | GroupNorm,
  { inner }: RowOrder,
  numbers: string,
): string {
  if (inner === 1) return numbers;
  const { model } = lowering;
  return model.node('Expand', [numbers, model.int64s([1, 1, inner, image.shape[1] as number])]);
}

/** The sum over the outer places, [N, inner·C]. */
function sumOfLines(lowering: Lowering, name: string, x: Value, { outer, inner }: RowOrder): string {
  const { model } = lowering;
  const [n, c] = batchAndChannels(x);
  if (outer === 1) return lowering.reshape(name, [n, inner * c]);
  const lines = lowering.reshape(name, [outer, n * inner * c]);
  return lowering.reshape(model.node('MatMul', [model.filled(1, [1, outer]), lines]), [n, inner * c]);
}

/**
 * [inner·C, C]: from sums over lines to the mean of each channel's group, of numbers multiplied by
 * `weights` [1, 1, 1, C].
 */
function groupMeans(
  lowering: Lowering,
  { attributes, inputs }: GroupNorm,
  { outer, inner }: RowOrder,
  weights?: string,
): string {
  const { model } = lowering;
  const c = (inputs[0] as Value).shape[1] as number;
  const { groups } = attributes;
  const groupOf = (channel: number) => Math.floor((channel * groups) / c);
  const share = groups / (c * outer * inner);
  const shares = Array.from({ length: c * c }, (_, at) =>
    groupOf(Math.floor(at / c)) === groupOf(at % c) ? share : 0,
  );
  const matrix = model.floats(shares, [1, c, c]);
  const weighted =
    weights === undefined ? matrix : model.node('Mul', [matrix, lowering.reshape(weights, [1, c, 1])]);
  return lowering.reshape(model.node('Expand', [weighted, model.int64s([inner, c, c])]), [inner * c, c]);
}
