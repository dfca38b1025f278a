/**
 * Into how many equal parts a batch is cut. The gradient of a batch is the sum of the gradients of
 * its parts, so a step computes one part after the other. What a number of parts costs, in moves of
 * a number from or to memory:
 *
 *     parts · 5 · weights  +  the arrays that are too large for the cache
 *
 * - A weight is moved some five times for each part: it is read forward and backward, and its
 *   gradient is written, put into its place and added. It counts once for each time that the
 *   network uses it, as at every step of a recurrent one.
 * - An array of a part is an activation, or what a convolution makes of one. If it is larger than
 *   `partBytes`, its numbers come from memory and not from the cache.
 *
 * The cheapest number is taken, the smaller one of equals, among those whose arrays have at most 10
 * times `partBytes`, so that the memory of a step does not grow with its batch. Only sizes decide,
 * so all owners have the same plan.
 */
import { sizeOf } from '../../tensor/shape.js';
import { topologicalOrder, type Value } from '../graph/value.js';
import { convolutionOperandSize } from '../onnx/lower/convolution-algorithm.js';

/** Arrays up to this size are read from a core's cache. */
const PART_BYTES = 2.5 * 2 ** 20;
const MOVES_OF_A_WEIGHT = 5;
const MOST_BYTES = 10;

interface BatchToCut {
  readonly size: number;
  readonly partBytes?: number | undefined;
}

/** @param loss of one example, computed from these columns of it and from weights */
export function batchParts(
  loss: Value,
  columns: readonly Value[],
  { size, partBytes = PART_BYTES }: BatchToCut,
): number {
  const activations = dependentOn(columns, loss);
  const sizes = activations.map(arraySize);
  const weights = weightsRead(activations);
  const largest = Math.max(1, ...sizes);
  let [best, least] = [size, Number.POSITIVE_INFINITY];
  for (let parts = size; parts >= 1; parts--) {
    const bytes = (4 * size) / parts;
    if (size % parts !== 0 || (parts < size && bytes * largest > MOST_BYTES * partBytes)) continue;
    const beyondCache = sizes.filter((array) => bytes * array > partBytes);
    const cost =
      parts * MOVES_OF_A_WEIGHT * weights + size * beyondCache.reduce((sum, array) => sum + array, 0);
    if (cost <= least) [best, least] = [parts, cost];
  }
  return best;
}

/** All values that are computed from the columns, and the columns of numbers themselves. */
function dependentOn(columns: readonly Value[], loss: Value): Value[] {
  const own = new Set(columns);
  return topologicalOrder([loss]).filter((value) => {
    if (own.has(value)) return value.dtype === 'f32';
    if (!value.inputs.some((operand) => own.has(operand))) return false;
    own.add(value);
    return true;
  });
}

/** The numbers in everything else that the activations are computed from, once for each use. */
function weightsRead(activations: readonly Value[]): number {
  const own = new Set(activations);
  const isWeight = (value: Value) => !own.has(value) && value.dtype === 'f32' && value.op !== 'constant';
  const read = activations.flatMap(({ inputs }) => inputs.filter(isWeight));
  return read.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

const arraySize = (value: Value) =>
  Math.max(sizeOf(value.shape), value.op === 'conv2d' ? convolutionOperandSize(value) : 0);
