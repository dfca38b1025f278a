/** Networks that read tokens; `test/pytorch/tables.test.ts` compares their numbers with PyTorch's. */
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../base/random.js';
import type { ColumnSpec } from '../../../tensor/column-spec.js';
import { permuteState } from '../../../tensor/permutation-group.js';
import { type StateDict, tensorView } from '../../../tensor/state-dict.js';
import { input, scalar } from '../../graph/build.js';
import { evaluate } from '../../graph/evaluate.js';
import { attention } from '../layers/attention.js';
import {
  applyNetwork,
  initialState,
  inputsOfBatch,
  layoutOf,
  type Network,
  parametersOf,
  traceNetwork,
} from '../layers/network.js';
import { permutationGroups } from '../permutation-groups.js';
import { bagOfEmbeddings } from './bag-of-embeddings.js';
import { transformer } from './transformer.js';

const tokens = (length: number): ColumnSpec => ({ name: 'tokens', dtype: 'i32', shape: [length] });
const small = { vocabulary: 7, width: 8, classes: 3 };
const networks: readonly [string, Network][] = [
  ['bag-of-embeddings', bagOfEmbeddings({ ...small, dropout: 0.5 })],
  ['transformer', transformer({ ...small, heads: 2, layers: 2, feedForward: 12, dropout: 0.5 })],
];

const shapesOf = (network: Network, length: number) =>
  Object.fromEntries(parametersOf(network, [tokens(length)]).map(({ name, shape }) => [name, shape]));

/** Weights of which no two are alike, biases included. */
function noisy(network: Network, length: number): StateDict {
  const random = randomStream('texts', 3);
  const { layout, data } = initialState(parametersOf(network, [tokens(length)]), 5);
  return { layout, data: data.map((value) => value + 0.1 * random.normal()) };
}

function logits(network: Network, state: StateDict, rows: readonly (readonly number[])[], seed?: number) {
  const length = rows[0]!.length;
  const layout = layoutOf(parametersOf(network, [tokens(length)]));
  const weights = layout.map(({ name, shape }) => input(name, shape));
  const inputs = inputsOfBatch([tokens(length)], rows.length);
  const training = seed === undefined ? undefined : { keys: [input('seed', [], 'i32')], weights: scalar(1) };
  const { output } = traceNetwork(network, layout, weights, inputs, training);
  const tensors = Object.fromEntries(layout.map(({ name }) => [name, tensorView(state, name)]));
  const given = { ...tensors, tokens: Int32Array.from(rows.flat()), seed: Int32Array.of(seed ?? 0) };
  return [...evaluate({ outputs: { output } }, given).output!];
}

it('have the parameters of PyTorch’s modules', () => {
  expect(shapesOf(bagOfEmbeddings(small), 5)).toEqual({
    'embedding.weight': [7, 8],
    'fc.weight': [3, 8],
    'fc.bias': [3],
  });
  expect(shapesOf(transformer({ ...small, layers: 1, heads: 2 }), 5)).toEqual({
    'embedding.weight': [7, 8],
    'positions.weight': [5, 8],
    'layers.0.norm1.weight': [8],
    'layers.0.norm1.bias': [8],
    'layers.0.self_attn.in_proj_weight': [24, 8],
    'layers.0.self_attn.in_proj_bias': [24],
    'layers.0.self_attn.out_proj.weight': [8, 8],
    'layers.0.self_attn.out_proj.bias': [8],
    'layers.0.norm2.weight': [8],
    'layers.0.norm2.bias': [8],
    'layers.0.linear1.weight': [32, 8],
    'layers.0.linear1.bias': [32],
    'layers.0.linear2.weight': [8, 32],
    'layers.0.linear2.bias': [8],
    'norm.weight': [8],
    'norm.bias': [8],
    'fc.weight': [3, 8],
    'fc.bias': [3],
  });
});

it('an attention begins as PyTorch’s: Glorot for q, k and v as one matrix, and biases of 0', () => {
  const network: Network = (scope, ids) => {
    const x = scope.parameter('x', [ids.shape[0] ?? 1, 5, 64], () => {});
    return attention(scope, x, { heads: 4 });
  };
  const state = initialState(parametersOf(network, [tokens(5)]), 1);
  const largest = (name: string) => Math.max(...tensorView(state, name).map(Math.abs));
  expect(largest('in_proj_bias')).toBe(0);
  expect(largest('out_proj.bias')).toBe(0);
  const bound = Math.sqrt(6 / (64 + 3 * 64));
  expect(largest('in_proj_weight')).toBeGreaterThan(0.99 * bound);
  expect(largest('in_proj_weight')).toBeLessThanOrEqual(bound);
  expect(largest('out_proj.weight')).toBeLessThanOrEqual(1 / 8);
});

it('heads that do not divide the width are refused', () => {
  expect(() => shapesOf(transformer({ ...small, heads: 3 }), 5)).toThrow(
    'attention of 3 heads reads [1,5,8], expected [N,length,width] of a width that they divide',
  );
});

describe.each(networks)('%s', (_, network) => {
  const length = 6;
  const state = noisy(network, length);

  it('does not see what stands for padding', () => {
    const rows = [[3, 1, 0, 0, 0, 0]];
    const changed = { ...state, data: Float32Array.from(state.data) };
    const [padding, seen] = [0, 3].map((row) =>
      tensorView(changed, 'embedding.weight').subarray(8 * row, 8 * row + 8),
    );
    padding!.fill(100);
    expect(logits(network, changed, rows)).toEqual(logits(network, state, rows));
    seen!.fill(100);
    expect(logits(network, changed, rows)).not.toEqual(logits(network, state, rows));
  });

  it('gives finite numbers for a text without tokens', () => {
    expect(logits(network, state, [Array(length).fill(0)]).every(Number.isFinite)).toBe(true);
  });

  it('has dropout in training', () => {
    const rows = [[3, 1, 5, 2, 0, 0]];
    const drawn = [1, 2].map((seed) => logits(network, state, rows, seed));
    expect(drawn[0]).not.toEqual(drawn[1]);
    expect(logits(network, state, rows, 1)).toEqual(drawn[0]);
  });

  it('predicts the same with its hidden units in another order', () => {
    const groups = permutationGroups(network, [tokens(length)]);
    const random = randomStream('orders', 1);
    const orders = groups.map(({ size, channelGroups }) => {
      expect(channelGroups).toBeUndefined();
      return Uint32Array.from(random.permutation(size));
    });
    const shuffled = permuteState(groups, orders, state);
    expect(shuffled.data).not.toEqual(state.data);
    const rows = [
      [3, 1, 5, 2, 0, 0],
      [6, 6, 1, 2, 4, 5],
    ];
    const [own, expected] = [shuffled, state].map((of) => logits(network, of, rows));
    own!.forEach((value, at) => {
      expect(value).toBeCloseTo(expected![at]!, 8);
    });
  });
});

it('the number of the padding token is a setting of the network', () => {
  const network = bagOfEmbeddings({ ...small, padding: 6 });
  const state = noisy(network, 3);
  expect(logits(network, state, [[2, 6, 6]])).toEqual(logits(network, state, [[2, 2, 6]]));
  expect(logits(network, state, [[2, 0, 0]])).not.toEqual(logits(network, state, [[2, 6, 6]]));
});

it('a batch has the predictions of its texts', () => {
  for (const [, network] of networks) {
    const layout = layoutOf(parametersOf(network, [tokens(4)]));
    const weights = layout.map(({ name, shape }) => input(name, shape));
    const output = applyNetwork(network, layout, weights, inputsOfBatch([tokens(4)], 2));
    expect(output.shape).toEqual([2, 3]);
    const state = noisy(network, 4);
    const rows = [
      [1, 2, 3, 0],
      [4, 0, 0, 0],
    ];
    const alone = rows.flatMap((row) => logits(network, state, [row]));
    logits(network, state, rows).forEach((value, at) => {
      expect(value).toBeCloseTo(alone[at]!, 10);
    });
  }
});
