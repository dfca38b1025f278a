/**
 * The vectors from which a graph takes a model: `state`, which steps carry on, and `frozen`, which
 * no step changes. A graph has the input `frozen` only if something is frozen.
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

/** Each tensor, still flat: those of the state, then the frozen ones. */
export function tensorsOf(values: ModelValues, { layout, frozen = [] }: ModelLayout): Value[] {
  return [...cut(values.state, layout), ...(values.frozen === undefined ? [] : cut(values.frozen, frozen))];
}

const cut = (vector: Value, layout: StateLayout): Value[] =>
  layout.map(({ offset, size }) => g.slice(vector, [offset], [offset + size]));
