/**
 * Aligns updates before they are merged (Git Re-Basin). In models with different initial weights,
 * hidden units in the same place do not correspond to each other. Each model's units are reordered
 * so that it is most like the reference; the function that it computes stays the same.
 *
 * With more than two models, all are aligned to one, the first by name. So the result does not
 * depend on the order in which updates arrive, and the merged model has that model's order of
 * units. (The paper's algorithm 3 aligns each model to the mean of the others in turn, and ends in
 * an order of units that is no model's own.)
 * @see Ainsworth et al. 2022, https://arxiv.org/abs/2209.04836
 */

import { type PermutationGroup, permuteState } from '../../tensor/permutation-group.js';
import { checkState, type StateDict } from '../../tensor/state-dict.js';
import { checkFinite, checkSameTensors } from '../memory/checks.js';
import type { Update } from '../memory/merge.js';
import { weightMatching } from './weight-matching.js';

export interface AlignOptions {
  /** Seed of the order in which groups are visited; 0 by default. */
  readonly seed?: number;
  /**
   * The state to align to, such as the one from which all updates started; by default, the first
   * update by name.
   */
  readonly reference?: StateDict | undefined;
}

/**
 * Returns the updates in their order, each with its hidden units matched to the reference.
 * @throws MergeError when names or shapes differ, a value is NaN or infinite, or the groups belong
 * to another network.
 */
export function alignUpdates<Aligned extends Update>(
  groups: readonly PermutationGroup[],
  updates: readonly Aligned[],
  options: AlignOptions = {},
): Aligned[] {
  const [first, ...others] = updates;
  if (first === undefined) return [];
  const least = others.reduce((a, b) => (b.name < a.name ? b : a), first);
  const reference = options.reference ?? least.state;
  checkState(reference, 'merge: the reference');
  for (const { name, state } of updates) {
    checkState(state, `merge: the update of "${name}"`);
    checkSameTensors(state.layout, reference.layout, `the update of "${name}"`);
    checkFinite(state, `the update of "${name}"`);
  }
  checkFinite(reference, 'the reference');
  return updates.map((update) => {
    if (update.state === reference) return update;
    const orders = weightMatching(groups, reference, update.state, options.seed ?? 0);
    const reordered = (state: StateDict) => permuteState(groups, orders, state);
    const { auxiliaries } = update;
    return {
      ...update,
      state: reordered(update.state),
      // Auxiliaries have one number for each weight, so they are reordered like the weights.
      ...(auxiliaries && {
        auxiliaries: Object.fromEntries(
          Object.entries(auxiliaries).map(([name, state]) => [name, reordered(state)]),
        ),
      }),
    };
  });
}
