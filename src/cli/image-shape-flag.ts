import type { Shape } from '../tensor/shape.js';
import { UsageError } from './error.js';

/** "1x28x28": channels x height x width. */
export function imageShapeFrom(text: string): Shape {
  const shape = text.split('x').map(Number);
  if (shape.length === 3 && shape.every((extent) => Number.isInteger(extent) && extent > 0)) return shape;
  throw new UsageError(`--image-shape is "${text}", expected channels x height x width, such as 1x28x28`);
}
