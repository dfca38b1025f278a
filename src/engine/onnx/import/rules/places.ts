/** Parts of a value by their places along one axis. */
import * as g from '../../../graph/build.js';
import type { Value } from '../../../graph/value.js';
import type { Call, ImportRule } from './call.js';
import { traced } from './foreign-value.js';

/** Moves the elements of operand 0 as floats; the result is of its kind. */
export const moved =
  (move: (x: Value, call: Call) => Value): ImportRule =>
  (call) =>
    traced(move(call.floats(0), call), call.operand(0).kind);

/** The places [start, end) of one axis. */
export const part = (x: Value, axis: number, start: number, end: number) =>
  g.slice(
    x,
    x.shape.map((_, i) => (i === axis ? start : 0)),
    x.shape.map((extent, i) => (i === axis ? end : extent)),
  );

/** The elements of one axis at these places. */
export function chosen(x: Value, axis: number, places: readonly number[]): Value {
  const [first = 0] = places;
  if (places.every((place, index) => place === first + index))
    return part(x, axis, first, first + places.length);
  return g.gather(x, g.cast(g.constant(places), 'i32'), axis);
}
