/** Operators that say or make shapes, and constants and masks by their places. */
import { formatShape, sizeOf } from '../../../../tensor/shape.js';
import * as g from '../../../graph/build.js';
import type { Value } from '../../../graph/value.js';
import type { Call, ImportRule } from './call.js';
import { type ForeignValue, known, traced } from './foreign-value.js';
import { moved } from './places.js';

function shapeVector(call: Call): ForeignValue {
  const shape = call.shape(0);
  const place = (at: number) => Math.min(Math.max(at < 0 ? at + shape.length : at, 0), shape.length);
  return known(shape.slice(place(call.int('start') ?? 0), place(call.int('end') ?? shape.length)));
}

function constant(call: Call): ForeignValue {
  const tensor = call.tensor('value');
  if (tensor !== undefined) {
    if (tensor.kind === 'text') return call.refuse('holds texts, expected numbers');
    if (sizeOf(tensor.shape) > 2 ** 22) {
      return call.refuse(
        `holds ${sizeOf(tensor.shape)} numbers, expected weights of that size to be initializers`,
      );
    }
    return known(Array.from(tensor.numbers()), tensor.shape, tensor.kind);
  }
  const [int, float] = [call.int('value_int'), call.float('value_float')];
  if (int !== undefined) return known([int], []);
  if (float !== undefined) return known([float], [], 'float');
  const floats = call.floatList('value_floats');
  if (floats !== undefined) return known(floats, [floats.length], 'float');
  return known(call.ints('value_ints') ?? call.refuse('holds no numbers'));
}

function filled(call: Call): ForeignValue {
  const shape = call.numbers(0) ?? [];
  const value = call.tensor('value');
  if (value?.kind === 'text') return call.refuse('holds texts, expected numbers');
  if (!(sizeOf(shape) < 2 ** 31))
    return call.refuse(`makes ${formatShape(shape)}, expected fewer numbers than 2^31`);
  const number = value === undefined ? 0 : (value.numbers()[0] ?? 0);
  return traced(g.expand(g.scalar(number), shape), value?.kind ?? 'float');
}

function range(call: Call): ForeignValue {
  const [[start = 0] = [], [limit = 0] = [], [step = 1] = []] = [0, 1, 2].map((index) => call.numbers(index));
  const count = Math.max(0, Math.ceil((limit - start) / step));
  if (!(count <= 2 ** 22)) return call.refuse(`makes ${count} numbers, expected at most 2^22`);
  return known(
    Array.from({ length: count }, (_, index) => start + index * step),
    [count],
    call.operand(0).kind,
  );
}

/** Keeps the triangle above or below a diagonal, by a mask that is known. */
function triangle(x: Value, call: Call): Value {
  const [rows = 1, columns = 1] = x.shape.slice(-2);
  const offset = call.numbers(1)?.[0] ?? 0;
  call.spend(rows * columns);
  const isUpper = (call.int('upper') ?? 1) === 1;
  const mask = Array.from({ length: rows * columns }, (_, place) => {
    const distance = (place % columns) - Math.floor(place / columns) - offset;
    return Number(isUpper ? distance >= 0 : distance <= 0);
  });
  return g.where(g.constant(mask, [rows, columns]), x, 0);
}

/** Sums from the first place to each, by a product with a triangle of ones. */
function cumulated(x: Value, call: Call): Value {
  const axis = call.axis(call.numbers(1)?.[0] ?? 0, x.shape.length);
  const extent = x.shape[axis] ?? 1;
  call.spend(extent * extent);
  const [isExclusive, isReverse] = [call.int('exclusive') === 1, call.int('reverse') === 1];
  const matrix = Array.from({ length: extent * extent }, (_, place) => {
    const [from, to] = [Math.floor(place / extent), place % extent];
    const distance = isReverse ? from - to : to - from;
    return Number(isExclusive ? distance > 0 : distance >= 0);
  });
  const order = [...x.shape.keys()].filter((i) => i !== axis);
  const toEnd = [...order, axis];
  const back = [...x.shape.keys()].map((i) => toEnd.indexOf(i));
  const last = g.transpose(x, toEnd);
  const rows = g.reshape(last, [sizeOf(x.shape) / extent, extent]);
  const sums = g.matmul(rows, g.constant(matrix, [extent, extent]));
  return g.transpose(g.reshape(sums, last.shape), back);
}

export const constantRules = {
  Constant: constant,
  ConstantOfShape: filled,
  CumSum: moved(cumulated),
  Range: range,
  Shape: shapeVector,
  Size: (call: Call) => known([sizeOf(call.shape(0))], []),
  Trilu: moved(triangle),
} as const satisfies Readonly<Record<string, ImportRule>>;
