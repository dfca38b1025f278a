/** Options for facts that a model file may lack. Several commands share them. */
import { Option } from 'commander';
import type { Normalization } from '../../engine/nn/models/normalize-pixels.js';
import { networkNames } from '../../engine/nn/settings.js';
import type { Shape } from '../../tensor/shape.js';
import { UsageError } from '../terminal/error.js';
import { networkFrom } from './network-flag.js';

export const networkOption = () =>
  new Option(
    '--network <name>',
    `the network, for files that do not name it: ${networkNames.join(', ')}`,
  ).argParser(networkFrom);

export const imageShapeOption = () =>
  new Option(
    '--image-shape <CxHxW>',
    'size of the images, for files that do not say it; 1x28x28 by default',
  ).argParser(imageShapeFrom);

export const normalizationOption = () =>
  new Option(
    '--normalization <mean,deviation>',
    'normalization of pixels from 0 to 1, for files that do not say it; 0,1 by default',
  ).argParser(normalizationFrom);

/** "1x28x28": channels x height x width. */
function imageShapeFrom(text: string): Shape {
  const shape = text.split('x').map(Number);
  if (shape.length === 3 && shape.every((extent) => Number.isInteger(extent) && extent > 0)) return shape;
  throw new UsageError(`--image-shape is "${text}", expected channels x height x width, such as 1x28x28`);
}

/** "0.286,0.353": one mean and one deviation for all channels. */
function normalizationFrom(text: string): Normalization {
  const [mean, deviation, ...rest] = text.split(',').map(Number);
  if (mean !== undefined && Number.isFinite(mean) && Number(deviation) > 0 && rest.length === 0) {
    return { mean: [mean], deviation: [Number(deviation)] };
  }
  throw new UsageError(
    `--normalization is "${text}", expected a mean and a deviation above 0, such as 0.286,0.353`,
  );
}
