/** Operators that move elements. */
import { formatShape, sizeOf } from '../../../../tensor/shape.js';
import * as g from '../../../graph/build.js';
import type { Value } from '../../../graph/value.js';
import type { Call, ImportRule } from './call.js';
import { type ForeignValue, floatsOf, isKnown, known, shapeOf, traced } from './foreign-value.js';
import { chosen, moved, part } from './places.js';

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
    if (step === 1) {
      value = part(value, axis, start, end);
      continue;
    }
    call.spend(count);
    const places = Array.from({ length: count }, (_, place) => start + place * step);
    value = chosen(value, axis, places);
  }
  return traced(value, kind);
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
    call.spend(low + extent + high);
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

export const movingRules = {
  Concat: concatenated,
  DepthToSpace: moved(depthToSpace),
  Expand: moved(expanded),
  Flatten: moved(flattened),
  Pad: moved(padded),
  Reshape: moved(reshaped),
  Slice: sliced,
  SpaceToDepth: moved(spaceToDepth),
  Split: split,
  Squeeze: moved(squeezed),
  Tile: moved(tiled),
  Transpose: moved((x, call) => {
    const order = call.ints('perm') ?? [...x.shape.keys()].reverse();
    return g.transpose(x, order);
  }),
  Unsqueeze: moved(unsqueezed),
} as const satisfies Readonly<Record<string, ImportRule>>;
