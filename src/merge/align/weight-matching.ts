/**
 * Weight matching: the order of a model's hidden units in which its weights are most like those of
 * another model.
 *
 *     maximise Σ over tensors ⟨A, P(B)⟩, P permuting the axes of every permutation group
 *
 * by coordinate descent: with all groups but one fixed, the sum is Σᵢ gain[i, order[i]], a linear
 * assignment problem, which is solved exactly. The groups are visited in random order until none of
 * them changes. The sum rises with every change, so the search ends in a local maximum. The result
 * depends most on the group that is visited first. So each group is first once, and the greatest
 * sum is taken.
 * @see Ainsworth et al. 2022, "Git Re-Basin", algorithm 1, https://arxiv.org/abs/2209.04836
 */
import { randomStream } from '../../base/random.js';
import {
  identityOrder,
  type MemberView,
  memberView,
  type Order,
  type PermutationGroup,
  permuteUnits,
} from '../../tensor/permutation-group.js';
import { type StateDict, tensorView } from '../../tensor/state-dict.js';
import { groupedAssignment, linearAssignment } from './linear-assignment.js';

/** A change must raise the sum by more than rounding errors. */
const LEAST_RISE = 1e-9;
/** The most descents. */
const MOST_STARTS = 6;

interface Match {
  readonly orders: Order[];
  readonly similarity: number;
}

/**
 * The order of the units of each group in which `state` matches `reference`. A reordered copy of
 * the reference is matched exactly.
 * @param seed of the order in which groups are visited
 * @throws MergeError when the groups do not fit the states.
 */
export function weightMatching(
  groups: readonly PermutationGroup[],
  reference: StateDict,
  state: StateDict,
  seed: number,
): Order[] {
  const starts = Array.from({ length: Math.min(groups.length, MOST_STARTS) }, (_, start) => start);
  const matches = starts.map((start) => descend(groups, reference, state, start, seed));
  const best = matches.reduce<Match | undefined>(
    (a, b) => (a === undefined || b.similarity > a.similarity ? b : a),
    undefined,
  );
  return best?.orders ?? [];
}

/** Descends from the present order, with this group first. */
function descend(
  groups: readonly PermutationGroup[],
  reference: StateDict,
  { layout, data }: StateDict,
  start: number,
  seed: number,
): Match {
  const current = { layout, data: data.slice() };
  const orders = groups.map(({ size }) => identityOrder(size));
  for (let sweep = 0, changed = true; changed; sweep++) {
    changed = false;
    const visited = [...randomStream(seed, start, sweep, 'weight matching').permutation(groups.length)];
    for (const index of sweep === 0 ? [start, ...visited.filter((group) => group !== start)] : visited) {
      const group = groups[index] as PermutationGroup;
      const step = improvement(group, reference, current);
      if (step === undefined) continue;
      permuteUnits(current, group, step);
      const order = orders[index] as Order;
      orders[index] = step.map((unit) => order[unit] as number);
      changed = true;
    }
  }
  const tensors = layout.map(({ name }) => name);
  return { orders, similarity: similarityOf(tensors, reference, current) };
}

/** A better order of one group's units, if there is one. */
function improvement(group: PermutationGroup, reference: StateDict, current: StateDict): Order | undefined {
  const { size, members, channelGroups } = group;
  const gain = new Float64Array(size * size);
  for (const member of members) {
    addInnerProducts(gain, memberView(reference, member, size), memberView(current, member, size).values);
  }
  const order =
    channelGroups === undefined ? linearAssignment(gain, size) : groupedAssignment(gain, size, channelGroups);
  // If a tensor has the group along two axes, the gain is right for one of them only. So the sum
  // itself is compared.
  const tried = { layout: current.layout, data: current.data.slice() };
  permuteUnits(tried, group, order);
  const tensors = new Set(members.map(({ tensor }) => tensor));
  const before = similarityOf(tensors, reference, current);
  const after = similarityOf(tensors, reference, tried);
  return after - before > LEAST_RISE * (Math.abs(after) + Math.abs(before)) ? order : undefined;
}

/** gain[i, j] += ⟨unit i of a, unit j of b⟩. */
function addInnerProducts(gain: Float64Array, { values: a, view }: MemberView, b: Float32Array): void {
  const { outer, size, run } = view;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < size; i++) {
      const aStart = (o * size + i) * run;
      for (let j = 0; j < size; j++) {
        const bStart = (o * size + j) * run;
        let sum = 0;
        for (let k = 0; k < run; k++) sum += (a[aStart + k] as number) * (b[bStart + k] as number);
        gain[i * size + j] = (gain[i * size + j] as number) + sum;
      }
    }
  }
}

/** The sum of the inner products of these tensors. */
function similarityOf(tensors: Iterable<string>, reference: StateDict, state: StateDict): number {
  let sum = 0;
  for (const tensor of tensors) {
    const [a, b] = [tensorView(reference, tensor), tensorView(state, tensor)];
    for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  }
  return sum;
}
