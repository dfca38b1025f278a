/**
 * LSTM and GRU over sequences, with the names and the order of gates of PyTorch's modules:
 * `weight_ih_l0` [G·H, F], `weight_hh_l0` [G·H, H], `bias_ih_l0` and `bias_hh_l0` [G·H], further
 * layers `_l1` …, and `_reverse` for the direction from the last place to the first.
 */
import * as g from '../../graph/build.js';
import {
  gruSequence,
  lstmSequence,
  type Recurrence,
  type RecurrentOptions,
  type RecurrentWeights,
} from '../../graph/recurrent.js';
import type { Value } from '../../graph/value.js';
import { fanInUniform } from './initializers.js';
import type { Scope } from './network.js';

export interface RecurrentLayer {
  /** H, the units of each layer and direction. */
  readonly hidden: number;
  readonly layers?: number;
  readonly bidirectional?: boolean;
  readonly bias?: boolean;
}

export interface RecurrentResult {
  /** What the last layer gives for each place, [N,T,H]; [N,T,2·H] of both directions. */
  readonly sequence: Value;
  /** After its last step, the hidden state of each layer and direction, [N,H], as in PyTorch. */
  readonly hidden: readonly Value[];
}

/** Long short-term memory: x [N,T,F] → the hidden states, and the cells beside them. */
export function lstm(
  scope: Scope,
  x: Value,
  layer: RecurrentLayer,
): RecurrentResult & { readonly cells: readonly Value[] } {
  const cells: Value[] = [];
  const result = stacked(scope, x, layer, 4, (sequence, weights, direction) => {
    // PyTorch's gates are i, f, g, o.
    const { cell, ...recurrence } = lstmSequence(sequence, inOrder(weights, [0, 3, 1, 2]), direction);
    cells.push(cell);
    return recurrence;
  });
  return { ...result, cells };
}

/** Gated recurrent units: x [N,T,F] → the hidden states. */
export const gru = (scope: Scope, x: Value, layer: RecurrentLayer): RecurrentResult =>
  stacked(scope, x, layer, 3, (sequence, weights, direction) =>
    // PyTorch's gates are r, z, n.
    gruSequence(sequence, inOrder(weights, [1, 0, 2]), direction),
  );

function stacked(
  scope: Scope,
  x: Value,
  { hidden: units, layers = 1, bidirectional = false, bias = true }: RecurrentLayer,
  gates: number,
  run: (sequence: Value, weights: RecurrentWeights, direction: RecurrentOptions) => Recurrence,
): RecurrentResult {
  const hidden: Value[] = [];
  let sequence = g.transpose(x, [1, 0, 2]);
  for (let layer = 0; layer < layers; layer++) {
    const directions = bidirectional ? [false, true] : [false];
    const given = sequence;
    const all = directions.map((reverse) => {
      const suffix = `_l${layer}${reverse ? '_reverse' : ''}`;
      const parameter = (name: string, ...shape: number[]) =>
        scope.parameter(`${name}${suffix}`, [gates * units, ...shape], fanInUniform(units));
      const weights = {
        input: parameter('weight_ih', given.shape[2] ?? 1),
        hidden: parameter('weight_hh', units),
        inputBias: bias ? parameter('bias_ih') : undefined,
        hiddenBias: bias ? parameter('bias_hh') : undefined,
      };
      return run(given, weights, { reverse });
    });
    hidden.push(...all.map((direction) => direction.hidden));
    const sequences = all.map((direction) => direction.sequence);
    sequence = bidirectional ? g.concat(sequences, 2) : (sequences[0] as Value);
  }
  return { sequence: g.transpose(sequence, [1, 0, 2]), hidden };
}

/** The weights with their gates in another order. */
function inOrder({ input, hidden, inputBias, hiddenBias }: RecurrentWeights, order: readonly number[]) {
  const ordered = (gates: Value) => {
    const [rows = 1, ...rest] = gates.shape;
    const size = rows / order.length;
    const start = (row: number) => [row, ...rest.map(() => 0)];
    const gate = (index: number) => g.slice(gates, start(index * size), [(index + 1) * size, ...rest]);
    return g.concat(order.map(gate), 0);
  };
  return {
    input: ordered(input),
    hidden: ordered(hidden),
    inputBias: inputBias && ordered(inputBias),
    hiddenBias: hiddenBias && ordered(hiddenBias),
  };
}
