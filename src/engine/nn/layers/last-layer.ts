/**
 * The dense layer at the end of a network, found in the network itself. The refit replaces it;
 * FedBABU does not train it.
 */

import type { ColumnSpec } from '../../../tensor/column-spec.js';
import type { StateLayout, TensorEntry } from '../../../tensor/state-dict.js';
import * as g from '../../graph/build.js';
import { operand, type Value } from '../../graph/value.js';
import { applyNetwork, inputsOfBatch, type Network, NetworkError } from './network.js';

export interface LastLayer {
  /** [outputs, features] in the state. */
  readonly weight: TensorEntry;
  /** [outputs] in the state. */
  readonly bias: TensorEntry;
}

/**
 * @param field the setting that needs it, for the error
 * @throws NetworkError when the logits are not the output of a dense layer with a bias.
 */
export function lastLayerOf(
  network: Network,
  { layout, frozen = [] }: { readonly layout: StateLayout; readonly frozen?: StateLayout | undefined },
  inputs: readonly ColumnSpec[],
  field: string,
): LastLayer {
  const all = [...layout, ...frozen];
  const named = all.map(({ name, shape }) => g.input(name, shape));
  const layer = denseLayer(applyNetwork(network, all, named, inputsOfBatch(inputs, 1)));
  const entryOf = (value: Value) =>
    layout.find(({ name }) => value.op === 'input' && value.attributes.name === name);
  const [weight, bias] = layer === undefined ? [] : [entryOf(layer.weight), entryOf(layer.bias)];
  if (weight === undefined || bias === undefined) {
    throw new NetworkError(
      `network: expected logits from a dense layer with a bias, which "${field}" needs, got other logits`,
      { hint: `leave "${field}" out, or let the network end with a dense layer that is not frozen` },
    );
  }
  return { weight, bias };
}

/** The parts of x·weightᵀ + bias; undefined if the logits are something else. */
export function denseLayer(logits: Value) {
  const sum = bare(logits);
  if (sum.op !== 'add') return undefined;
  const product = bare(operand(sum, 0));
  if (product.op !== 'matmul' || product.attributes.transposeA || !product.attributes.transposeB) {
    return undefined;
  }
  return {
    features: operand(product, 0),
    weight: bare(operand(product, 1)),
    bias: bare(operand(sum, 1)),
  };
}

/** The value beneath operations that only change its shape. */
const bare = (value: Value): Value =>
  value.op === 'reshape' || value.op === 'expand' ? bare(operand(value, 0)) : value;
