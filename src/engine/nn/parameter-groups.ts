/**
 * Groups of weights with a learning rate or a weight decay of their own, as PyTorch's parameter
 * groups: layer-wise rates, no decay of biases and norms. A group becomes constants along the flat
 * vector of weights, so the optimizer reads a vector where it reads a number without groups.
 */
import { matchesAny } from '../../base/patterns.js';
import type { StateLayout } from '../../tensor/state-dict.js';
import type { ValueOrNumber } from '../graph/build.js';
import * as g from '../graph/build.js';
import { refuse } from './layers/network.js';
import { idleProblem } from './layers/trained-part.js';

export interface ParameterGroup {
  /** Patterns of names. */
  readonly weights: readonly string[];
  /** What the learning rate is multiplied by; 1 by default. */
  readonly learningRateFactor?: number | undefined;
  /** In place of the optimizer's. */
  readonly weightDecay?: number | undefined;
}

export interface OwnRates {
  readonly learningRateFactor: ValueOrNumber;
  readonly weightDecay: ValueOrNumber;
}

/**
 * One number for all weights, or [W]. Of several groups with a weight, the last one that says
 * something counts.
 * @param weights the table of the trained weights
 * @throws NetworkError when a pattern matches no trained weight
 */
export function ratesOfGroups(
  groups: readonly ParameterGroup[],
  weights: StateLayout,
  { weightDecay }: { readonly weightDecay: number },
): OwnRates {
  const names = weights.map(({ name }) => name);
  for (const { weights } of groups) {
    refuse(idleProblem('optimizer.groups', weights, names, 'weight that is trained'));
  }
  const along = (field: 'learningRateFactor' | 'weightDecay', common: number) =>
    alongVector(
      weights.map(({ name, size }) => {
        const own = groups.findLast((group) => group[field] !== undefined && matchesAny(name, group.weights));
        return { size, value: own?.[field] ?? common };
      }),
    );
  return {
    learningRateFactor: along('learningRateFactor', 1),
    weightDecay: along('weightDecay', weightDecay),
  };
}

/** Equal neighbours are filled at once; a number if all are equal. */
function alongVector(tensors: readonly { readonly size: number; readonly value: number }[]): ValueOrNumber {
  const runs: { size: number; value: number }[] = [];
  for (const { size, value } of tensors) {
    const last = runs.at(-1);
    if (last?.value === value) last.size += size;
    else runs.push({ size, value });
  }
  const [first] = runs;
  if (first === undefined || runs.length === 1) return first?.value ?? 1;
  return g.concat(
    runs.map(({ size, value }) => g.expand(g.constant([value]), [size])),
    0,
  );
}
