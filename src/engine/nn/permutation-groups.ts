/**
 * The permutation groups of a network, read from its graph: which hidden units can be reordered,
 * and which axes of which tensors change with them. The meaning of inputs and outputs stays the
 * same.
 */

import type { ColumnSpec } from '../../tensor/column-spec.js';
import type { PermutationGroup, PermutedAxis } from '../../tensor/permutation-group.js';
import { input } from '../graph/build.js';
import { permutableAxes } from '../graph/permutation-rules.js';
import { resolve, type Units } from '../graph/tied-axes.js';
import {
  applyNetwork,
  frozenLayoutOf,
  inputsOfBatch,
  modelLayoutOf,
  type Network,
  parametersOf,
} from './layers/network.js';
import type { TrainedPart } from './layers/trained-part.js';

/** @param part which weights are trained: the order of the others stays the same, too */
export function permutationGroups(
  network: Network,
  inputs: readonly ColumnSpec[],
  part: TrainedPart = {},
): PermutationGroup[] {
  const parameters = parametersOf(network, inputs, part);
  const still = new Set(frozenLayoutOf(parameters).map(({ name }) => name));
  const layout = modelLayoutOf(parameters);
  const tensors = layout.map(({ name, shape }) => input(name, shape));
  const output = applyNetwork(network, layout, tensors, inputsOfBatch(inputs, 1));
  const axes = permutableAxes(output, tensors);
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
  const movable = [...members].filter(([, axes]) => !axes.some(({ tensor }) => still.has(tensor)));
  return movable.map(([{ size, channelGroups }, members]) => ({
    size,
    members,
    ...(channelGroups !== undefined && { channelGroups }),
  }));
}
