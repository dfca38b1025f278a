/**
 * A state dict: all tensors of a model in one flat vector, and a table of where each begins.
 * Merging, hashing, clipping and sending are loops over the vector. Names and layouts of tensors
 * are PyTorch's.
 */

import { TensorError } from '../base/error.js';
import { requireArray, requireShape } from './arrays.js';
import { formatShape, type Shape, sameShape, sizeOf } from './shape.js';

export interface TensorEntry {
  readonly name: string;
  readonly shape: Shape;
  /** Where the tensor begins in the vector, in elements. */
  readonly offset: number;
  readonly size: number;
}

/** The table: entries in the order of their offsets, without gaps. */
export type StateLayout = readonly TensorEntry[];

export interface StateDict {
  readonly layout: StateLayout;
  /** Float32, Σ size elements. */
  readonly data: Float32Array;
}

/** The table of tensors with these shapes, one after the other in the given order. */
export function stateLayout(shapes: Iterable<readonly [name: string, shape: Shape]>): StateLayout {
  const layout: TensorEntry[] = [];
  const seen = new Set<string>();
  let offset = 0;
  for (const [name, shape] of shapes) {
    requireShape(`state dict: the shape of "${name}"`, shape);
    if (seen.has(name)) throw new TensorError(`state dict: there are two tensors named "${name}"`);
    seen.add(name);
    const size = sizeOf(shape);
    layout.push({ name, shape: [...shape], offset, size });
    offset += size;
  }
  return layout;
}

/**
 * Checks a state that a program passes: its table has no gaps, and its vector the right length.
 * @param where the name of the state in errors
 * @throws TensorError that says what is wrong
 */
export function checkState({ layout, data }: StateDict, where: string): void {
  if (!Array.isArray(layout)) throw new TensorError(`${where}: it has no table of tensors`);
  const expected = stateLayout(layout.map(({ name, shape }) => [name, shape]));
  for (const [place, { name, offset, size }] of expected.entries()) {
    const entry = layout[place] as TensorEntry;
    if (entry.offset === offset && entry.size === size) continue;
    throw new TensorError(
      `${where}: "${name}" has ${entry.size} numbers from ${entry.offset} on, expected ${size} from ${offset} on`,
      { hint: 'make the table by stateLayout' },
    );
  }
  requireArray(`${where}: its vector`, data, 'Float32Array', layoutSize(expected));
}

/** The number of elements of the vector. */
export function layoutSize(layout: StateLayout): number {
  const last = layout.at(-1);
  return last === undefined ? 0 : last.offset + last.size;
}

/** A view (no copy) of one tensor's elements. */
export function tensorView(state: StateDict, name: string): Float32Array {
  const entry = state.layout.find((candidate) => candidate.name === name);
  if (entry === undefined) {
    throw new TensorError(
      `state dict: no tensor "${name}"; it has ${state.layout.map((e) => e.name).join(', ')}`,
    );
  }
  return state.data.subarray(entry.offset, entry.offset + entry.size);
}

/**
 * The first difference between two tables; undefined if they have the same names and shapes, in any
 * order.
 */
export function layoutDifference(actual: StateLayout, expected: StateLayout): string | undefined {
  const byName = new Map(actual.map((entry) => [entry.name, entry]));
  for (const entry of expected) {
    const other = byName.get(entry.name);
    if (other === undefined) return `"${entry.name}" is missing`;
    if (!sameShape(other.shape, entry.shape)) {
      return `"${entry.name}" is ${formatShape(other.shape)}, expected ${formatShape(entry.shape)}`;
    }
    byName.delete(entry.name);
  }
  const [extra] = byName.keys();
  if (extra !== undefined) return `"${extra}" is not expected`;
  return undefined;
}

/** Joins several states into one with this table, which names all their tensors. */
export function joinStates(layout: StateLayout, ...states: readonly StateDict[]): StateDict {
  const data = new Float32Array(layoutSize(layout));
  for (const { name, offset } of layout) {
    const holder = states.find((state) => state.layout.some((entry) => entry.name === name));
    if (holder === undefined) throw new TensorError(`state dict: no tensor "${name}" in any of the states`);
    data.set(tensorView(holder, name), offset);
  }
  return { layout, data };
}

/** The part of a state with the tensors in this table. @throws TensorError when one is missing */
export function partOfState(state: StateDict, layout: StateLayout): StateDict {
  const data = new Float32Array(layoutSize(layout));
  for (const { name, offset } of layout) data.set(tensorView(state, name), offset);
  return { layout, data };
}

/**
 * The same tensors in the order of another table. Values that are in that order already are not
 * copied.
 * @param source the name of the state in errors
 * @throws TensorError when a tensor is missing, not expected, or of another shape.
 */
export function arrangeState(state: StateDict, layout: StateLayout, source: string): StateDict {
  checkState(state, source);
  const difference = layoutDifference(state.layout, layout);
  if (difference !== undefined) throw new TensorError(`${source}: ${difference}`);
  if (state.layout.every(({ name }, place) => name === layout[place]?.name)) {
    return { layout, data: state.data };
  }
  const data = new Float32Array(layoutSize(layout));
  for (const { name, offset } of layout) data.set(tensorView(state, name), offset);
  return { layout, data };
}
