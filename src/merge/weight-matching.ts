/**
 * Weight matching: the order of a model's hidden units in which its weights are most like those of another model.
 *
 *     maximise Σ over tensors ⟨A, P(B)⟩, P permuting the axes of every permutation group
 *
 * by coordinate descent: with all groups but one held fast, the sum is Σᵢ gain[i, order[i]], a linear assignment problem,
 * which is solved exactly. The groups are visited in a random order again and again, until none of them changes. The sum
 * rises with every change, so this ends, in a local maximum.
 * @see Ainsworth et al. 2022, "Git Re-Basin", algorithm 1, https://arxiv.org/abs/2209.04836
 */
import { randomStream } from '../tensor/random.js';
import type { StateDict } from '../tensor/state-dict.js';
import { groupedAssignment, linearAssignment } from './linear-assignment.js';
import {
  identityOrder,
  type MemberView,
  memberView,
  type Order,
  type PermutationGroup,
  permuteUnits,
} from './permutation-group.js';

/** A change must raise the sum by more than rounding does. */
const LEAST_RISE = 1e-9;

/**
 * The order of the units of every group in which `state` matches `reference`. A copy of the reference in another order is
 * found again exactly.
 * @param seed of the order in which groups are visited
 * @throws MergeError when the groups do not fit the states.
 */
export function weightMatching(
  groups: readonly PermutationGroup[],
  reference: StateDict,
  { layout, data }: StateDict,
  seed: number,
): Order[] {
  const current = { layout, data: data.slice() };
  const orders = groups.map(({ size }) => identityOrder(size));
  for (let sweep = 0, changed = true; changed; sweep++) {
    changed = false;
    for (const index of randomStream(seed, sweep, 'weight matching').permutation(groups.length)) {
      const group = groups[index] as PermutationGroup;
      const step = improvement(group, reference, current);
      if (step === undefined) continue;
      permuteUnits(current, group, step);
      const order = orders[index] as Order;
      orders[index] = step.map((unit) => order[unit] as number);
      changed = true;
    }
  }
  return orders;
}

/** A better order of one group's units, where there is one. */
function improvement(group: PermutationGroup, reference: StateDict, current: StateDict): Order | undefined {
  const { size, members, channelGroups } = group;
  const gain = new Float64Array(size * size);
  for (const member of members) {
    addInnerProducts(gain, memberView(reference, member, size), memberView(current, member, size).values);
  }
  const order =
    channelGroups === undefined ? linearAssignment(gain, size) : groupedAssignment(gain, size, channelGroups);
  // Where one tensor has the group along two axes, the gain holds for one of them alone: the sum itself decides.
  const tried = { layout: current.layout, data: current.data.slice() };
  permuteUnits(tried, group, order);
  const [before, after] = [similarity(group, reference, current), similarity(group, reference, tried)];
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

/** The sum of inner products over the tensors of a group. */
function similarity({ members, size }: PermutationGroup, reference: StateDict, state: StateDict): number {
  const tensors = new Map(members.map((member) => [member.tensor, member]));
  let sum = 0;
  for (const member of tensors.values()) {
    const { values: a } = memberView(reference, member, size);
    const { values: b } = memberView(state, member, size);
    for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  }
  return sum;
}
