/**
 * Computes how much memory the values of a graph need: the most bytes that are alive at one time,
 * in the order of computation. A value is alive from where it is made to where it is last read. A
 * convolution also needs its columns or transformed tiles. The computation reads shapes only and
 * allocates nothing.
 */

import { sizeOf } from '../../tensor/shape.js';
import { type Graph, topologicalOrder, type Value, type ValueOf } from '../graph/value.js';
import { convolutionOperandSize } from '../onnx/lower/convolution-algorithm.js';

export function workingSetBytes(graph: Graph): number {
  return aliveBytes(Object.values(graph.outputs));
}

function aliveBytes(outputs: readonly Value[]): number {
  const order = topologicalOrder(outputs);
  const lastRead = new Map<Value, number>();
  for (const [place, { inputs }] of order.entries()) {
    for (const operand of inputs) lastRead.set(operand, place);
  }
  for (const output of outputs) lastRead.set(output, Number.POSITIVE_INFINITY);
  const endingAt = new Map<number, Value[]>();
  for (const [value, place] of lastRead) {
    const ending = endingAt.get(place);
    if (ending === undefined) endingAt.set(place, [value]);
    else ending.push(value);
  }
  let [alive, most] = [0, 0];
  for (const [place, value] of order.entries()) {
    alive += ownBytes(value);
    most = Math.max(most, alive + besideBytes(value));
    for (const ended of endingAt.get(place) ?? []) alive -= ownBytes(ended);
  }
  return most;
}

/**
 * These need no memory of their own: inputs belong to the caller, and a reshaped value shares its
 * bytes.
 */
const FREE: readonly string[] = ['input', 'constant', 'reshape'];

const ownBytes = ({ op, dtype, shape }: Value): number =>
  FREE.includes(op) ? 0 : sizeOf(shape) * (dtype === 'u8' ? 1 : 4);

/** Bytes that are needed only while the value is computed. */
function besideBytes(value: Value): number {
  if (value.op === 'sumOverParts') {
    return aliveBytes([(value as ValueOf<'sumOverParts'>).attributes.body.result as Value]);
  }
  if (value.op !== 'conv2d') return 0;
  return 4 * (value.shape[0] ?? 1) * convolutionOperandSize(value as ValueOf<'conv2d'>);
}
