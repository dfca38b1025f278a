/**
 * The first layer of networks for pictures: it turns bytes into (byte/255 − mean)/deviation for
 * each channel. It has no weights; mean and deviation are part of the network.
 */
import type { ColumnSpec } from '../../../tensor/column-spec.js';
import { formatShape, type Shape } from '../../../tensor/shape.js';
import { cast, constant, mul, scalar, sub } from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import { type Network, NetworkError } from '../layers/network.js';

/** One number for all channels, or one for each. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** Pictures as the input of a network. @param shape [C,H,W] */
export const pixels = (shape: Shape): ColumnSpec => ({ name: 'images', dtype: 'u8', shape });

/**
 * Puts this layer before a network, whose first input is then bytes. By default, pixels become
 * numbers from 0 to 1.
 */
export function onPixels(
  network: Network,
  normalization: Normalization = { mean: [0], deviation: [1] },
): Network {
  return (scope, images, ...others) => network(scope, normalizePixels(images, normalization), ...others);
}

/**
 * x [N,C,…] bytes → floats: byte·(1/(255·deviation)) − mean/deviation.
 * @throws NetworkError when there is not one number, or one for each channel; or when a deviation
 * is not above 0
 */
export function normalizePixels(x: Value, normalization: Normalization): Value {
  const channels = x.shape[1] ?? 1;
  checkNormalization(normalization, channels);
  const { mean, deviation } = normalization;
  const perChannel = (f: (m: number, d: number) => number) => {
    const values = Array.from({ length: channels }, (_, c) =>
      f(mean[c] ?? mean[0] ?? 0, deviation[c] ?? deviation[0] ?? 1),
    );
    return values.every((value) => value === values[0])
      ? scalar(values[0] ?? 0)
      : constant(values, [1, channels, ...x.shape.slice(2).map(() => 1)]);
  };
  const scaled = mul(
    cast(x, 'f32'),
    perChannel((_, d) => 1 / (255 * d)),
  );
  return sub(
    scaled,
    perChannel((m, d) => m / d),
  );
}

/** Numbers beyond the channels would be ignored silently, so they are refused. */
function checkNormalization(normalization: Normalization, channels: number): void {
  for (const [field, numbers] of Object.entries(normalization) as [string, readonly number[]][]) {
    const sound = numbers.every((value) => Number.isFinite(value) && (field === 'mean' || value > 0));
    if (sound && (numbers.length === 1 || numbers.length === channels)) continue;
    throw new NetworkError(
      `network: normalization.${field} is ${formatShape(numbers)}, expected one finite number, or one for each of the ${channels} channels${field === 'mean' ? '' : ', above 0'}`,
    );
  }
}
