/**
 * A permutation group: hidden units of a network that can be reordered without changing its
 * function, as plain data. It lists the axes of the tensors that must be reordered together. Groups
 * are derived from the network (engine/nn/permutation-groups.ts) and travel with the plan.
 */

import { TensorError } from '../base/error.js';
import { formatShape, type Shape } from './shape.js';
import type { StateDict } from './state-dict.js';

export interface PermutationGroup {
  /** The number of units. */
  readonly size: number;
  readonly members: readonly PermutedAxis[];
  /**
   * With group norm between the layers: the number of groups of consecutive units. Whole groups can
   * be exchanged, and units within a group; group norm allows no other orders.
   */
  readonly channelGroups?: number;
}

/** An axis of `size · block` elements: element i belongs to unit ⌊i / block⌋. */
export interface PermutedAxis {
  readonly tensor: string;
  readonly axis: number;
  readonly block: number;
}

/** An order of the units: unit i of the result is unit order[i] of the source. */
export type Order = Uint32Array;

export const identityOrder = (size: number): Order => Uint32Array.from({ length: size }, (_, unit) => unit);

/**
 * A tensor as units along one of its axes: `outer` times `size` units of `run` consecutive
 * elements.
 */
export interface UnitView {
  readonly outer: number;
  readonly size: number;
  readonly run: number;
}

export function unitView(shape: Shape, { axis, block }: PermutedAxis, size: number): UnitView {
  const product = (extents: Shape) => extents.reduce((a, b) => a * b, 1);
  return { outer: product(shape.slice(0, axis)), size, run: block * product(shape.slice(axis + 1)) };
}

/** A new array with the units in this order. */
export function reorder<Values extends Float32Array | Uint8Array>(
  values: Values,
  { outer, size, run }: UnitView,
  order: Order,
): Values {
  const result = values.slice() as Values;
  for (let o = 0; o < outer; o++) {
    for (let unit = 0; unit < size; unit++) {
      const to = (o * size + unit) * run;
      const from = (o * size + (order[unit] as number)) * run;
      for (let i = 0; i < run; i++) result[to + i] = values[from + i] as number;
    }
  }
  return result;
}

/** The elements of a member, in place, and how its units are stored in them. */
export interface MemberView {
  readonly values: Float32Array;
  readonly view: UnitView;
}

/**
 * @throws TensorError when the state has no such tensor, or its axis has another number of units.
 */
export function memberView({ layout, data }: StateDict, member: PermutedAxis, size: number): MemberView {
  const entry = layout.find(({ name }) => name === member.tensor);
  const extent = size * member.block;
  if (entry === undefined || entry.shape[member.axis] !== extent) {
    throw new TensorError(
      `tensor: a permutation group has ${extent} elements along axis ${member.axis} of "${member.tensor}", but the state has ${entry === undefined ? 'no such tensor' : formatShape(entry.shape)}`,
      { hint: 'take the groups of the network that the weights belong to' },
    );
  }
  const values = data.subarray(entry.offset, entry.offset + entry.size);
  return { values, view: unitView(entry.shape, member, size) };
}

/** Reorders the units of one group in all its tensors, in place. */
export function permuteUnits(state: StateDict, { members, size }: PermutationGroup, order: Order): void {
  for (const member of members) {
    const { values, view } = memberView(state, member, size);
    values.set(reorder(values, view, order));
  }
}

/** The state with the units of each group reordered: other weights, the same function. */
export function permuteState(
  groups: readonly PermutationGroup[],
  orders: readonly Order[],
  { layout, data }: StateDict,
): StateDict {
  const permuted = { layout, data: data.slice() };
  groups.forEach((group, index) => {
    permuteUnits(permuted, group, orders[index] as Order);
  });
  return permuted;
}
