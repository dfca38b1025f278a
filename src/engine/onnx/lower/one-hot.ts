/**
 * One-hot matrices, and the gradient of a gather. That gradient is a product with the one-hot
 * matrix of the indices, [size, count]·[count, rest], or each slice is added where it was taken
 * from (ScatterND). The cheaper one is used, by its time in multiplications of a matrix product:
 *
 *     product     count·size·(rest + 130)
 *     scatter     (size + count)·rest·50  +  2,000,000
 *
 * A number of the one-hot matrix costs as much as 130 multiplications, and a number that is filled,
 * copied or added 50. These constants were measured (docs/performance.md). The last one keeps the
 * product, which every runtime has on every device, where it loses less than 20 µs. ScatterND adds
 * in the order of the indices, so a step gives the same bytes again.
 */
import { sizeOf } from '../../../tensor/shape.js';
import { operand, type Value, type ValueOf } from '../../graph/value.js';
import { ONNX_TYPES } from '../model-builder.js';
import type { Lowering } from './lowering.js';

const HOT = 130;
const MOVED = 50;
const SCATTER = 2_000_000;

const isScattered = (count: number, size: number, rest: number) =>
  MOVED * (size + count) * rest + SCATTER < count * size * (rest + HOT);

export function lowerGatherGradient(lowering: Lowering, y: ValueOf<'gatherGradient'>): string {
  const { model } = lowering;
  const { axis, size } = y.attributes;
  const [indices, dy] = [operand(y as Value, 0), operand(y as Value, 1)];
  const [outer, count, inner] = [
    sizeOf(y.shape.slice(0, axis)),
    sizeOf(indices.shape),
    sizeOf(y.shape.slice(axis + 1)),
  ];
  const chosen = lowering.plain(indices);
  if (outer === 1 && isScattered(count, size, inner)) {
    const places = model.node('Cast', [lowering.reshape(chosen, [count, 1])], { to: ONNX_TYPES.i64 });
    const slices = lowering.reshape(lowering.plain(dy), [count, inner]);
    const sum = model.node('ScatterND', [model.filled(0, [size, inner]), places, slices], {
      reduction: 'add',
    });
    return lowering.reshape(sum, y.shape);
  }
  const hot = oneHotMatrix(lowering, chosen, count, size);
  const slices = lowering.reshape(lowering.plain(dy), [outer, count, inner]);
  return lowering.reshape(model.node('MatMul', [lowering.transpose(hot, [1, 0]), slices]), y.shape);
}

export function lowerOneHot(lowering: Lowering, y: ValueOf<'oneHot'>): string {
  const labels = operand(y as Value, 0);
  const hot = oneHotMatrix(lowering, lowering.plain(labels), sizeOf(labels.shape), y.attributes.depth);
  return lowering.reshape(hot, y.shape);
}

/** [count, depth] with a 1 at each index. */
function oneHotMatrix(lowering: Lowering, indices: string, count: number, depth: number): string {
  const { model } = lowering;
  const all = model.int32s(
    Array.from({ length: depth }, (_, index) => index),
    [1, depth],
  );
  return model.node('Cast', [model.node('Equal', [lowering.reshape(indices, [count, 1]), all])], {
    to: ONNX_TYPES.f32,
  });
}
