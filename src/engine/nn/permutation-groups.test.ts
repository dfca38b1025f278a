import { describe, expect, it } from 'vitest';
import { type RandomStream, randomStream } from '../../base/random.js';
import { alignUpdates } from '../../merge/align/align.js';
import { merge } from '../../merge/memory/merge.js';
import { mean } from '../../merge/strategies/mean.js';
import type { ColumnSpec } from '../../tensor/column-spec.js';
import { type PermutationGroup, permuteState } from '../../tensor/permutation-group.js';
import { type Shape, sizeOf } from '../../tensor/shape.js';
import { type StateDict, tensorView } from '../../tensor/state-dict.js';
import { input } from '../graph/build.js';
import { evaluate } from '../graph/evaluate.js';
import {
  applyNetwork,
  initialState,
  inputsOfBatch,
  layoutOf,
  type Network,
  parametersOf,
} from './layers/network.js';
import { cnn1d } from './models/cnn1d.js';
import { lenet5 } from './models/lenet5.js';
import { mlp } from './models/mlp.js';
import { onPixels, pixels } from './models/normalize-pixels.js';
import { paperCnn } from './models/paper-cnn.js';
import { resnet8 } from './models/resnet8.js';
import { tabularResnet } from './models/tabular-resnet.js';
import { permutationGroups } from './permutation-groups.js';

const GREY = [1, 28, 28];
const x = (shape: Shape): ColumnSpec => ({ name: 'images', dtype: 'f32', shape });

/** "tensor:axis", "tensor:axis/block". */
const described = (groups: readonly PermutationGroup[]) =>
  groups.map(({ size, channelGroups, members }) => {
    const axes = members.map(
      ({ tensor, axis, block }) => `${tensor}:${axis}${block === 1 ? '' : `/${block}`}`,
    );
    return `${size}${channelGroups === undefined ? '' : ` in ${channelGroups}`}: ${axes.join(' ')}`;
  });

describe('the permutation groups', () => {
  it('of paper-cnn reach the dense layer in blocks of the pixels of an image', () => {
    expect(described(permutationGroups(paperCnn({ dropout: 0.5 }), [x(GREY)]))).toEqual([
      '128: conv1.weight:0 conv1.bias:0 conv2.weight:1',
      '64: conv2.weight:0 conv2.bias:0 fc.weight:1/49',
    ]);
  });

  it('are the same behind a normalization of pixels', () => {
    const [plain, behind] = [
      paperCnn(),
      onPixels(paperCnn(), { mean: [0.1, 0.2, 0.3], deviation: [0.4, 0.5, 0.6] }),
    ];
    const colour = [3, 8, 8];
    expect(permutationGroups(behind, [pixels(colour)])).toEqual(permutationGroups(plain, [x(colour)]));
  });

  it('of a network with batch norm have its running values', () => {
    expect(described(permutationGroups(mlp({ hidden: [4], norm: 'batch' }), [x([3])]))).toEqual([
      '4: fc1.weight:0 fc1.bias:0 norm1.weight:0 norm1.bias:0 norm1.running_mean:0 norm1.running_var:0 fc2.weight:1',
    ]);
    const settings = { width: 6, hidden: 8, blocks: 1 } as const;
    const blocks = described(permutationGroups(tabularResnet(settings), [x([3])]));
    expect(blocks).toContain('8: blocks.0.fc1.weight:0 blocks.0.fc1.bias:0 blocks.0.fc2.weight:1');
    expect(blocks.find((group) => group.startsWith('6'))).toContain('blocks.0.norm.running_var:0');
  });

  it('of a convolution along time are its filters', () => {
    expect(described(permutationGroups(cnn1d(), [x([2, 12])]))).toEqual([
      '32: conv1.weight:0 conv1.bias:0 conv2.weight:1',
      '64: conv2.weight:0 conv2.bias:0 conv3.weight:1',
      '64: conv3.weight:0 conv3.bias:0 fc.weight:1',
    ]);
  });

  it('of mlp are its hidden layers', () => {
    expect(described(permutationGroups(mlp({ hidden: [32, 16] }), [x(GREY)]))).toEqual([
      '32: fc1.weight:0 fc1.bias:0 fc2.weight:1',
      '16: fc2.weight:0 fc2.bias:0 fc3.weight:1',
    ]);
  });

  it('of lenet5 go on through the dense layers', () => {
    expect(described(permutationGroups(lenet5(), [x(GREY)]))).toEqual([
      '6: conv1.weight:0 conv1.bias:0 conv2.weight:1',
      '16: conv2.weight:0 conv2.bias:0 fc1.weight:1/25',
      '120: fc1.weight:0 fc1.bias:0 fc2.weight:1',
      '84: fc2.weight:0 fc2.bias:0 fc3.weight:1',
    ]);
  });

  it('of resnet8 tie what residual sums add, and keep the groups of group norm', () => {
    const [stem, inner] = described(permutationGroups(resnet8(), [x(GREY)]));
    expect(stem).toBe(
      '16 in 8: conv1.weight:0 norm1.weight:0 norm1.bias:0 layer1.conv1.weight:1 layer1.conv2.weight:0 ' +
        'layer1.norm2.weight:0 layer1.norm2.bias:0 layer2.conv1.weight:1 layer2.downsample.conv.weight:1',
    );
    expect(inner).toBe(
      '16 in 8: layer1.conv1.weight:0 layer1.norm1.weight:0 layer1.norm1.bias:0 layer1.conv2.weight:1',
    );
  });
});

const networks: [name: string, network: Network, imageShape: Shape][] = [
  ['paper-cnn', paperCnn(), [1, 8, 8]],
  ['lenet5', lenet5(), GREY],
  ['mlp', mlp({ hidden: [24, 12] }), [1, 6, 6]],
  ['resnet8', resnet8(), [1, 8, 8]],
];

describe.each(networks)('a model of %s', (_, network, imageShape) => {
  const groups = permutationGroups(network, [x(imageShape)]);
  const random = randomStream(7, 'test');
  const state = noisy(network, imageShape, random);
  const shuffled = permuteState(
    groups,
    groups.map((group) => orderOf(group, random)),
    state,
  );
  const images = Float32Array.from({ length: 2 * sizeOf(imageShape) }, random.normal);
  const expected = logits(network, imageShape, state, images);

  it('predicts the same with its hidden units in another order', () => {
    expect(sameBytes(shuffled, state)).toBe(false);
    expectClose(logits(network, imageShape, shuffled, images), expected);
  });

  it('is recovered from that copy exactly, so that the mean of both is the model itself', () => {
    const updates = [
      { name: 'b', examples: 1, state: shuffled },
      { name: 'a', examples: 1, state },
    ];
    expect(sameBytes(merge(mean(), alignUpdates(groups, updates)), state)).toBe(true);
    expect(sameBytes(merge(mean(), updates), state)).toBe(false);
  });

  it('predicts the same once it is aligned to another', () => {
    const other = noisy(network, imageShape, random);
    const updates = [
      { name: 'a', examples: 1, state: other },
      { name: 'b', examples: 1, state },
    ];
    const [, aligned] = alignUpdates(groups, updates);
    expect(sameBytes(aligned!.state, state)).toBe(false);
    const sorted = state.data.toSorted();
    expect(aligned!.state.data.toSorted().every((value, place) => value === sorted[place])).toBe(true);
    expectClose(logits(network, imageShape, aligned!.state, images), expected);
  });
});

/** `toEqual` would take a second for this many numbers. */
const sameBytes = (a: StateDict, b: StateDict) =>
  a.data.every((value, place) => Object.is(value, b.data[place]));

/** Initial weights in which no two units are alike, including scales and shifts of norms. */
function noisy(network: Network, imageShape: Shape, random: RandomStream): StateDict {
  const { layout, data } = initialState(parametersOf(network, [x(imageShape)]), random.uint32());
  return { layout, data: data.map((value) => value + 0.1 * random.normal()) };
}

/** A random order that exchanges whole groups, and units within groups. */
function orderOf({ size, channelGroups = 1 }: PermutationGroup, random: RandomStream): Uint32Array {
  const length = size / channelGroups;
  const wholes = [...random.permutation(channelGroups)];
  return Uint32Array.from(
    wholes.flatMap((whole) => [...random.permutation(length)].map((unit) => whole * length + unit)),
  );
}

function logits(network: Network, imageShape: Shape, state: StateDict, images: Float32Array): Float64Array {
  const layout = layoutOf(parametersOf(network, [x(imageShape)]));
  const weights = layout.map(({ name, shape }) => input(name, shape));
  const output = applyNetwork(network, layout, weights, inputsOfBatch([x(imageShape)], 2));
  const tensors = layout.map(({ name }) => [name, tensorView(state, name)]);
  return evaluate({ outputs: { output } }, { ...Object.fromEntries(tensors), images }).output!;
}

function expectClose(actual: Float64Array, expected: Float64Array) {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, index) => {
    expect(value).toBeCloseTo(expected[index]!, 8);
  });
}
