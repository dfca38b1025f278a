/**
 * The permutation groups of a network, read off its graph: which hidden units can be put in another order, and which axes
 * of which tensors that concerns. What images mean and what logits mean stays as it is.
 */

import type { PermutationGroup, PermutedAxis } from '../../tensor/permutation-group.js';
import type { Shape } from '../../tensor/shape.js';
import { input } from '../graph/build.js';
import { permutableAxes } from '../graph/permutation-rules.js';
import { resolve, type Units } from '../graph/tied-axes.js';
import { applyNetwork, layoutOf, type Network, parametersOf } from './layers/network.js';

/** @param imageShape [C,H,W] */
export function permutationGroups(network: Network, imageShape: Shape): PermutationGroup[] {
  const layout = layoutOf(parametersOf(network, imageShape));
  const tensors = layout.map(({ name, shape }) => input(name, shape));
  const logits = applyNetwork(network, layout, tensors, input('images', [1, ...imageShape]));
  const axes = permutableAxes(logits, tensors);
  const members = new Map<Units, PermutedAxis[]>();
  layout.forEach(({ name }, index) => {
    const tensor = tensors[index];
    if (tensor === undefined) return;
    axes.get(tensor)?.forEach((own, axis) => {
      const { units, block } = resolve(own);
      if (units.fixed || units.size === 1) return;
      members.set(units, [...(members.get(units) ?? []), { tensor: name, axis, block }]);
    });
  });
  return [...members].map(([{ size, channelGroups }, members]) => ({
    size,
    members,
    ...(channelGroups !== undefined && { channelGroups }),
  }));
}
