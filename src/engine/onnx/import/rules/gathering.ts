/** Operators that look elements up by indices. */
import { type Shape, sizeOf, stridesOf } from '../../../../tensor/shape.js';
import * as g from '../../../graph/build.js';
import type { Call, ImportRule } from './call.js';
import { type ForeignValue, floatsOf, indicesOf, isKnown, shapeOf, traced } from './foreign-value.js';
import { chosen } from './places.js';

function gathered(call: Call): ForeignValue {
  const [data, indices] = [call.operand(0), call.operand(1)];
  const shape = shapeOf(data);
  const axis = call.axis(call.int('axis') ?? 0, shape.length);
  const extent = shape[axis] ?? 0;
  if (!isKnown(indices)) return traced(g.gather(floatsOf(data), indicesOf(indices), axis), data.kind);
  const places = indices.numbers.map((place) => call.axis(place, extent));
  // One place again and again is an expansion, whose shape may depend on the batch.
  const isOne = places.length > 1 && places.every((place) => place === places[0]);
  const flat = chosen(floatsOf(data), axis, isOne ? places.slice(0, 1) : places);
  const around = (own: Shape) => [...shape.slice(0, axis), ...own, ...shape.slice(axis + 1)];
  if (!isOne) return traced(g.reshape(flat, around(indices.shape)), data.kind);
  const single = g.reshape(flat, around(indices.shape.map(() => 1)));
  return traced(g.expand(single, around(indices.shape)), data.kind);
}

/** Elements at places that are known, by their place in the flat data. */
function atPlaces(data: ForeignValue, places: readonly number[], block: Shape, shape: Shape): ForeignValue {
  const x = floatsOf(data);
  const flat = g.reshape(x, [sizeOf(x.shape) / sizeOf(block), ...block]);
  return traced(g.reshape(g.gather(flat, g.cast(g.constant(places), 'i32')), shape), data.kind);
}

function gatheredElements(call: Call): ForeignValue {
  const data = call.operand(0);
  const shape = shapeOf(data);
  const axis = call.axis(call.int('axis') ?? 0, shape.length);
  const own = call.shape(1);
  const numbers = call.numbers(1) ?? [];
  const [strides, ownStrides] = [stridesOf(shape), stridesOf(own)];
  const places = numbers.map((number, place) =>
    own.reduce((at, extent, i) => {
      const along = Math.floor(place / (ownStrides[i] ?? 1)) % extent;
      return at + (i === axis ? call.axis(number, shape[axis] ?? 0) : along) * (strides[i] ?? 1);
    }, 0),
  );
  return atPlaces(data, places, [], own);
}

function gatheredNd(call: Call): ForeignValue {
  const data = call.operand(0);
  const shape = shapeOf(data);
  if ((call.int('batch_dims') ?? 0) !== 0) call.refuse('has batch_dims, expected none');
  const own = call.shape(1);
  const depth = own.at(-1) ?? 1;
  const numbers = call.numbers(1) ?? [];
  const block = shape.slice(depth);
  const strides = stridesOf(shape.slice(0, depth));
  const places = Array.from({ length: numbers.length / depth }, (_, row) =>
    strides.reduce(
      (at, stride, i) => at + call.axis(numbers[row * depth + i] ?? 0, shape[i] ?? 0) * stride,
      0,
    ),
  );
  return atPlaces(data, places, block, [...own.slice(0, -1), ...block]);
}

function oneHots(call: Call): ForeignValue {
  const depth = call.numbers(1)?.[0] ?? call.refuse('has no depth');
  const [off = 0, on = 1] = call.numbers(2) ?? [];
  const indices = indicesOf(call.operand(0));
  const rank = indices.shape.length + 1;
  const axis = call.axis(call.int('axis') ?? -1, rank);
  const last = g.add(g.mul(g.oneHot(indices, depth), on - off), off);
  const order = [...Array(rank - 1).keys()];
  order.splice(axis, 0, rank - 1);
  return traced(axis === rank - 1 ? last : g.transpose(last, order), call.operand(2).kind);
}

export const gatheringRules = {
  Gather: gathered,
  GatherElements: gatheredElements,
  GatherND: gatheredNd,
  OneHot: oneHots,
} as const satisfies Readonly<Record<string, ImportRule>>;
