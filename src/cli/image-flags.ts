/** How a network takes its images, for model files that do not say it. */
import type { Normalization } from '../nn/training-step.js';
import type { Shape } from '../tensor/shape.js';
import { UsageError } from './error.js';

/** "1x28x28": channels x height x width. */
export function imageShapeFrom(text: string): Shape {
  const shape = text.split('x').map(Number);
  if (shape.length === 3 && shape.every((extent) => Number.isInteger(extent) && extent > 0)) return shape;
  throw new UsageError(`--image-shape is "${text}", expected channels x height x width, such as 1x28x28`);
}

/** "0.286,0.353": one mean and one deviation for all channels. */
export function normalizationFrom(text: string): Normalization {
  const [mean, deviation, ...rest] = text.split(',').map(Number);
  if (mean !== undefined && Number.isFinite(mean) && Number(deviation) > 0 && rest.length === 0) {
    return { mean: [mean], deviation: [Number(deviation)] };
  }
  throw new UsageError(
    `--normalization is "${text}", expected a mean and a deviation above 0, such as 0.286,0.353`,
  );
}
