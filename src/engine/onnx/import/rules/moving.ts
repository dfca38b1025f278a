/** Operators that move elements, and those that say or make shapes. */
import { formatShape, type Shape, sizeOf, stridesOf } from '../../../../tensor/shape.js';
import * as g from '../../../graph/build.js';
import type { Value } from '../../../graph/value.js';
import type { Call, ImportRule } from './call.js';
import { type ForeignValue, floatsOf, indicesOf, isKnown, known, shapeOf, traced } from './foreign-value.js';

/** Moves the elements of operand 0 as floats; the result is of its kind. */
const moved =
  (move: (x: Value, call: Call) => Value): ImportRule =>
  (call) =>
    traced(move(call.floats(0), call), call.operand(0).kind);

/** Axes as an attribute, or as an operand in newer opsets. */
const axesOf = (call: Call, index = 1): readonly number[] | undefined =>
  call.numbers(index) ?? call.ints('axes');

function reshaped(x: Value, call: Call): Value {
  const asked = call.numbers(1) ?? call.ints('shape') ?? call.refuse('has no shape');
  const keepsZero = (call.int('allowzero') ?? 0) === 0;
  const shape = asked.map((extent, axis) => (extent === 0 && keepsZero ? (x.shape[axis] ?? 0) : extent));
  const rest = shape.filter((extent) => extent !== -1);
  const open = sizeOf(x.shape) / sizeOf(rest);
  const whole = shape.map((extent) => (extent === -1 ? open : extent));
  if (rest.length < shape.length - 1 || !Number.isInteger(open) || sizeOf(whole) !== sizeOf(x.shape)) {
    call.refuse(
      `makes ${formatShape(asked)} of ${formatShape(x.shape)}, which has another number of elements`,
      'export the model with a dynamic batch (dynamic_shapes, or dynamic_axes)',
    );
  }
  return g.reshape(x, whole);
}

function flattened(x: Value, call: Call): Value {
  const axis = call.int('axis') ?? 1;
  const at = axis === x.shape.length ? axis : call.axis(axis, x.shape.length);
  return g.reshape(x, [sizeOf(x.shape.slice(0, at)), sizeOf(x.shape.slice(at))]);
}

function squeezed(x: Value, call: Call): Value {
  const asked = axesOf(call)?.map((axis) => call.axis(axis, x.shape.length));
  const axes = asked ?? x.shape.flatMap((extent, axis) => (extent === 1 ? [axis] : []));
  const wrong = axes.find((axis) => x.shape[axis] !== 1);
  if (wrong !== undefined)
    call.refuse(`takes the axis ${wrong} away from ${formatShape(x.shape)}, expected extent 1`);
  return g.reshape(
    x,
    x.shape.filter((_, axis) => !axes.includes(axis)),
  );
}

function unsqueezed(x: Value, call: Call): Value {
  const asked = axesOf(call) ?? call.refuse('has no axes');
  const rank = x.shape.length + asked.length;
  const axes = asked.map((axis) => call.axis(axis, rank));
  const extents = x.shape[Symbol.iterator]();
  const shape = Array.from({ length: rank }, (_, axis) =>
    axes.includes(axis) ? 1 : (extents.next().value ?? 1),
  );
  return g.reshape(x, shape);
}

function concatenated(call: Call): ForeignValue {
  const operands = Array.from({ length: call.count }, (_, index) => call.operand(index));
  const axis = call.axis(call.int('axis') ?? 0, shapeOf(operands[0] as ForeignValue).length);
  const kind = operands[0]?.kind;
  const full = operands.filter((operand) => sizeOf(shapeOf(operand)) > 0);
  if (full.length < 2) return full[0] ?? (operands[0] as ForeignValue);
  return traced(g.concat(full.map(floatsOf), axis), kind);
}

function split(call: Call): readonly ForeignValue[] {
  const x = call.floats(0);
  const { kind } = call.operand(0);
  const axis = call.axis(call.int('axis') ?? 0, x.shape.length);
  const extent = x.shape[axis] ?? 0;
  const count = call.node.outputs.length;
  const each = Math.ceil(extent / count);
  const sizes =
    call.numbers(1) ??
    call.ints('split') ??
    Array.from({ length: count }, (_, index) => Math.min(each, extent - index * each));
  if (sizes.reduce((a, b) => a + b, 0) !== extent || sizes.length !== count) {
    call.refuse(`splits ${formatShape(x.shape)} into ${sizes.join(' + ')} along the axis ${axis}`);
  }
  let start = 0;
  return sizes.map((size) => {
    const from = start;
    start += size;
    return traced(part(x, axis, from, start), kind);
  });
}

const part = (x: Value, axis: number, start: number, end: number) =>
  g.slice(
    x,
    x.shape.map((_, i) => (i === axis ? start : 0)),
    x.shape.map((extent, i) => (i === axis ? end : extent)),
  );

/** The elements of one axis at these places. */
function chosen(x: Value, axis: number, places: readonly number[]): Value {
  const [first = 0] = places;
  if (places.every((place, index) => place === first + index))
    return part(x, axis, first, first + places.length);
  return g.gather(x, g.cast(g.constant(places), 'i32'), axis);
}

function sliced(call: Call): ForeignValue {
  const x = call.floats(0);
  const { kind } = call.operand(0);
  const starts = call.numbers(1) ?? call.refuse('has no starts');
  const ends = call.numbers(2) ?? call.refuse('has no ends');
  const axes = call.numbers(3) ?? starts.map((_, axis) => axis);
  const steps = call.numbers(4) ?? starts.map(() => 1);
  let value = x;
  for (const [index, asked] of axes.entries()) {
    const axis = call.axis(asked, x.shape.length);
    const extent = x.shape[axis] ?? 0;
    const step = steps[index] ?? 1;
    const within = (place: number, least: number, most: number) =>
      Math.min(Math.max(place < 0 ? place + extent : place, least), most);
    const [low, high] = step > 0 ? [0, extent] : [-1, extent - 1];
    const start = within(starts[index] ?? 0, step > 0 ? 0 : 0, high);
    const end = within(ends[index] ?? 0, low, high);
    const count = Math.max(0, Math.ceil((end - start) / step));
    if (count === 0 && isKnown(call.operand(0))) {
      return known(
        [],
        x.shape.map((own, i) => (i === axis ? 0 : own)),
        kind,
      );
    }
    if (step === 0 || count === 0)
      return call.refuse(`takes nothing of the axis ${axis} of ${formatShape(x.shape)}`);
    const places = Array.from({ length: count }, (_, place) => start + place * step);
    value = chosen(value, axis, places);
  }
  return traced(value, kind);
}

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

function expanded(x: Value, call: Call): Value {
  const asked = call.numbers(1) ?? call.refuse('has no shape');
  const rank = Math.max(asked.length, x.shape.length);
  const shape = Array.from({ length: rank }, (_, axis) => {
    const own = x.shape[axis - rank + x.shape.length] ?? 1;
    const other = asked[axis - rank + asked.length] ?? 1;
    return other === 1 ? own : other;
  });
  return g.expand(x, shape);
}

function tiled(x: Value, call: Call): Value {
  const repeats = call.numbers(1) ?? call.refuse('has no repeats');
  const total = sizeOf(x.shape) * sizeOf(repeats);
  if (!(total < 2 ** 31)) call.refuse(`makes ${total} numbers, expected fewer than 2^31`);
  return repeats.reduce((value, times, axis) => {
    if (times === 1) return value;
    const shape = value.shape;
    const single = g.reshape(value, [...shape.slice(0, axis), 1, ...shape.slice(axis)]);
    const many = g.expand(single, [...shape.slice(0, axis), times, ...shape.slice(axis)]);
    return g.reshape(
      many,
      shape.map((extent, i) => (i === axis ? extent * times : extent)),
    );
  }, x);
}

function padded(x: Value, call: Call): Value {
  const pads = call.numbers(1) ?? call.ints('pads') ?? call.refuse('has no pads');
  const axes =
    call.numbers(3)?.map((axis) => call.axis(axis, x.shape.length)) ?? x.shape.map((_, axis) => axis);
  const before = x.shape.map((_, axis) => pads[axes.indexOf(axis)] ?? 0);
  const after = x.shape.map((_, axis) =>
    axes.includes(axis) ? (pads[axes.length + axes.indexOf(axis)] ?? 0) : 0,
  );
  const mode = call.text('mode') ?? 'constant';
  const value = call.numbers(2)?.[0] ?? 0;
  const cut = g.slice(
    x,
    before.map((count) => Math.max(0, -count)),
    x.shape.map((extent, axis) => extent - Math.max(0, -(after[axis] ?? 0))),
  );
  const [front, back] = [before, after].map((counts) => counts.map((count) => Math.max(0, count))) as [
    number[],
    number[],
  ];
  if (mode === 'constant') {
    if (value === 0) return g.pad(cut, front, back);
    return g.add(g.pad(g.sub(cut, value), front, back), value);
  }
  return cut.shape.reduce((whole, extent, axis) => {
    const [low, high] = [front[axis] ?? 0, back[axis] ?? 0];
    if (low === 0 && high === 0) return whole;
    const places = Array.from({ length: low + extent + high }, (_, i) =>
      mirrored(i - low, extent, mode, call),
    );
    return g.gather(whole, g.cast(g.constant(places), 'i32'), axis);
  }, cut);
}

function mirrored(place: number, extent: number, mode: string, call: Call): number {
  if (mode === 'edge') return Math.min(Math.max(place, 0), extent - 1);
  if (mode === 'wrap') return ((place % extent) + extent) % extent;
  const inside = place < 0 ? -place : place >= extent ? 2 * (extent - 1) - place : place;
  if (mode === 'reflect' && inside >= 0 && inside < extent) return inside;
  return call.refuse(`pads by "${mode}" beyond the array, expected constant, reflect, edge or wrap`);
}

function depthToSpace(x: Value, call: Call): Value {
  const [n = 1, channels = 1, height = 1, width = 1] = x.shape;
  const b = call.int('blocksize') ?? 1;
  const c = channels / (b * b);
  const isColumnFirst = call.text('mode') === 'CRD';
  const parts = isColumnFirst ? [n, c, b, b, height, width] : [n, b, b, c, height, width];
  const order = isColumnFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2];
  return g.reshape(g.transpose(g.reshape(x, parts), order), [n, c, height * b, width * b]);
}

function spaceToDepth(x: Value, call: Call): Value {
  const [n = 1, c = 1, height = 1, width = 1] = x.shape;
  const b = call.int('blocksize') ?? 1;
  const parts = g.reshape(x, [n, c, height / b, b, width / b, b]);
  return g.reshape(g.transpose(parts, [0, 3, 5, 1, 2, 4]), [n, c * b * b, height / b, width / b]);
}

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

export const movingRules = {
  Concat: concatenated,
  Constant: constant,
  ConstantOfShape: filled,
  CumSum: moved(cumulated),
  DepthToSpace: moved(depthToSpace),
  Expand: moved(expanded),
  Flatten: moved(flattened),
  Gather: gathered,
  GatherElements: gatheredElements,
  GatherND: gatheredNd,
  OneHot: oneHots,
  Pad: moved(padded),
  Range: range,
  Reshape: moved(reshaped),
  Shape: shapeVector,
  Size: (call: Call) => known([sizeOf(call.shape(0))], []),
  Slice: sliced,
  SpaceToDepth: moved(spaceToDepth),
  Split: split,
  Squeeze: moved(squeezed),
  Tile: moved(tiled),
  Transpose: moved((x, call) => {
    const order = call.ints('perm') ?? [...x.shape.keys()].reverse();
    return g.transpose(x, order);
  }),
  Trilu: moved(triangle),
  Unsqueeze: moved(unsqueezed),
} as const satisfies Readonly<Record<string, ImportRule>>;
