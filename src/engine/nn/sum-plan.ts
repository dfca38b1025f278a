/**
 * A sum over examples that a graph of its own computes beside training, such as the squares of
 * their gradients. It is laid out like the state:
 *
 *     (state [P], frozen [F], …inputs [B,…], …targets [B,…], signs [B,S], weights [B]) → (sum [P])
 *
 * `signs` are random, ±1, S of them for each example. `weights` are 0 for examples that only fill
 * the batch. A graph reads the inputs that it needs.
 */
import { layoutSize, type StateLayout } from '../../tensor/state-dict.js';
import * as g from '../graph/build.js';
import type { Value } from '../graph/value.js';
import {
  applyNetwork,
  frozenLayoutOf,
  type Inputs,
  inputsOfBatch,
  layoutOf,
  parametersOf,
} from './layers/network.js';
import type { PlanOptions } from './plan.js';
import { frozenInput, tensorsOf } from './state-inputs.js';

export interface SumPlan {
  /** S; 0 where the graph reads none. */
  readonly signs: number;
  /** B */
  readonly batchSize: number;
  readonly model: Uint8Array;
}

/** The beginning of such a graph: a model, a batch, and the network's output for it. */
export interface NetworkOnBatch {
  /** The tables of the vectors `state` and `frozen`. */
  readonly layout: StateLayout;
  readonly frozen: StateLayout;
  readonly vectors: { readonly state: Value; readonly frozen?: Value };
  /** The tensors of both, each still flat. */
  readonly tensors: readonly Value[];
  readonly inputs: Inputs;
  readonly weights: Value;
  readonly output: Value;
}

export function networkOnBatch(
  { network, inputs, ...part }: Pick<PlanOptions, 'network' | 'inputs' | 'train' | 'freeze'>,
  batchSize: number,
): NetworkOnBatch {
  const parameters = parametersOf(network, inputs, part);
  const [layout, frozen] = [layoutOf(parameters), frozenLayoutOf(parameters)];
  const vectors = { state: g.input('state', [layoutSize(layout)]), ...frozenInput({ frozen }) };
  const tensors = tensorsOf(vectors, { layout, frozen });
  const examples = inputsOfBatch(inputs, batchSize);
  const output = applyNetwork(network, [...layout, ...frozen], tensors, examples);
  const weights = g.input('weights', [batchSize]);
  return { layout, frozen, vectors, tensors, inputs: examples, weights, output };
}
