/**
 * The vectors that a graph takes a model from: `state`, which is carried from step to step, and `frozen`, which no step
 * changes. `frozen` is an input of graphs only where something is frozen.
 */
import { layoutSize, type StateLayout } from '../../tensor/state-dict.js';
import * as g from '../graph/build.js';
import type { Value } from '../graph/value.js';

export interface ModelLayout {
  readonly layout: StateLayout;
  readonly frozen?: StateLayout | undefined;
}

/** The vectors themselves. */
export interface ModelValues {
  readonly state: Value;
  readonly frozen?: Value | undefined;
}

export function frozenInput({ frozen = [] }: Pick<ModelLayout, 'frozen'>): { readonly frozen?: Value } {
  return frozen.length === 0 ? {} : { frozen: g.input('frozen', [layoutSize(frozen)]) };
}

/** Every tensor, each still flat: those of the state, then those that are frozen. */
export function tensorsOf(values: ModelValues, { layout, frozen = [] }: ModelLayout): Value[] {
  return [...cut(values.state, layout), ...(values.frozen === undefined ? [] : cut(values.frozen, frozen))];
}

const cut = (vector: Value, layout: StateLayout): Value[] =>
  layout.map(({ offset, size }) => g.slice(vector, [offset], [offset + size]));
