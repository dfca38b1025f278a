/**
 * A loss whose weights of classes are a constant of the run: they are known when the rows of all
 * participants are counted, and the plan is the same for all values. The network has the constant
 * beside its own, and does not read it.
 */
import type { Value } from '../../graph/value.js';
import type { Network } from '../layers/network.js';
import type { Task } from './task.js';

/** The name of the constant. */
export const CLASS_WEIGHTS = 'loss.constants.classWeights';

/** @param weighted the task with these weights of classes; without weights if there are none */
export function withClassWeights<T extends Task>(classes: number, weighted: (weights?: Value) => T): T {
  return { ...weighted(), balanced: { classes, weighted } };
}

/** The network of such a task with the constant; any other as it is. */
export function withLossConstants(network: Network, { balanced }: Task): Network {
  if (balanced === undefined) return network;
  return (scope, ...inputs) => {
    const output = network(scope, ...inputs);
    scope.in('loss').declare('classWeights', [balanced.classes], 0);
    return output;
  };
}

/** The task with the weights of classes among these tensors, which may be flat. */
export function withLossTensors(
  task: Task,
  layout: readonly { readonly name: string }[],
  tensors: readonly Value[],
): Task {
  const weights = tensors[layout.findIndex(({ name }) => name === CLASS_WEIGHTS)];
  return task.balanced && weights ? task.balanced.weighted(weights) : task;
}
