import { describe, expect, it } from 'vitest';
import type { ColumnSpec } from '../../../tensor/column-spec.js';
import type { Shape } from '../../../tensor/shape.js';
import { layoutSize } from '../../../tensor/state-dict.js';
import { input } from '../../graph/build.js';
import {
  applyNetwork,
  initialState,
  layoutOf,
  type Network,
  NetworkError,
  parametersOf,
} from '../layers/network.js';
import { cnn1d } from './cnn1d.js';
import { lenet5 } from './lenet5.js';
import { linearModel } from './linear-model.js';
import { mlp } from './mlp.js';
import { paperCnn } from './paper-cnn.js';
import { resnet8 } from './resnet8.js';
import { tabularResnet } from './tabular-resnet.js';
import { unet } from './unet.js';

const GREY = [1, 28, 28];
const x = (shape: Shape): ColumnSpec => ({ name: 'images', dtype: 'f32', shape });

const shapesOf = (network: Network, imageShape: Shape) =>
  Object.fromEntries(parametersOf(network, [x(imageShape)]).map(({ name, shape }) => [name, shape]));

describe('the parameters', () => {
  it('of paper-cnn', () => {
    expect(shapesOf(paperCnn(), GREY)).toEqual({
      'conv1.weight': [128, 1, 3, 3],
      'conv1.bias': [128],
      'conv2.weight': [64, 128, 3, 3],
      'conv2.bias': [64],
      'fc.weight': [10, 3136],
      'fc.bias': [10],
    });
  });

  it('of paper-cnn with kernels of 5×5, coloured images and other classes', () => {
    expect(shapesOf(paperCnn({ kernel: 5, classes: 7 }), [3, 32, 32])).toEqual({
      'conv1.weight': [128, 3, 5, 5],
      'conv1.bias': [128],
      'conv2.weight': [64, 128, 5, 5],
      'conv2.bias': [64],
      'fc.weight': [7, 4096],
      'fc.bias': [7],
    });
  });

  it('of lenet5', () => {
    expect(shapesOf(lenet5(), GREY)).toEqual({
      'conv1.weight': [6, 1, 5, 5],
      'conv1.bias': [6],
      'conv2.weight': [16, 6, 5, 5],
      'conv2.bias': [16],
      'fc1.weight': [120, 400],
      'fc1.bias': [120],
      'fc2.weight': [84, 120],
      'fc2.bias': [84],
      'fc3.weight': [10, 84],
      'fc3.bias': [10],
    });
  });

  it('of mlp, with as many hidden layers as are asked for', () => {
    expect(shapesOf(mlp({ hidden: [32, 16] }), GREY)).toEqual({
      'fc1.weight': [32, 784],
      'fc1.bias': [32],
      'fc2.weight': [16, 32],
      'fc2.bias': [16],
      'fc3.weight': [10, 16],
      'fc3.bias': [10],
    });
    expect(shapesOf(mlp({ hidden: [] }), GREY)).toEqual({ 'fc1.weight': [10, 784], 'fc1.bias': [10] });
  });

  it('of resnet8', () => {
    const norm = (name: string, channels: number) => ({
      [`${name}.weight`]: [channels],
      [`${name}.bias`]: [channels],
    });
    const block = (name: string, inputs: number, outputs: number) => ({
      [`${name}.conv1.weight`]: [outputs, inputs, 3, 3],
      ...norm(`${name}.norm1`, outputs),
      [`${name}.conv2.weight`]: [outputs, outputs, 3, 3],
      ...norm(`${name}.norm2`, outputs),
    });
    const projection = (name: string, inputs: number, outputs: number) => ({
      [`${name}.downsample.conv.weight`]: [outputs, inputs, 1, 1],
      ...norm(`${name}.downsample.norm`, outputs),
    });
    expect(shapesOf(resnet8(), GREY)).toEqual({
      'conv1.weight': [16, 1, 3, 3],
      ...norm('norm1', 16),
      ...block('layer1', 16, 16),
      ...block('layer2', 16, 32),
      ...projection('layer2', 16, 32),
      ...block('layer3', 32, 64),
      ...projection('layer3', 32, 64),
      'fc.weight': [10, 64],
      'fc.bias': [10],
    });
  });

  it('of mlp with batch norm, in PyTorch’s order', () => {
    const norm = (name: string, units: number) => ({
      [`${name}.weight`]: [units],
      [`${name}.bias`]: [units],
      [`${name}.running_mean`]: [units],
      [`${name}.running_var`]: [units],
      [`${name}.num_batches_tracked`]: [],
    });
    const found = shapesOf(mlp({ hidden: [4], classes: 2, norm: 'batch' }), [3]);
    const expected = {
      ...{ 'fc1.weight': [4, 3], 'fc1.bias': [4] },
      ...norm('norm1', 4),
      ...{ 'fc2.weight': [2, 4], 'fc2.bias': [2] },
    };
    expect(Object.entries(found)).toEqual(Object.entries(expected));
  });

  it('of logistic and linear regression begin at 0', () => {
    const parameters = parametersOf(linearModel({ classes: 3 }), [x([5])]);
    const { layout, data } = initialState(parameters, 'seed');
    expect(layout.map(({ name, shape }) => [name, shape])).toEqual([
      ['fc.weight', [3, 5]],
      ['fc.bias', [3]],
    ]);
    expect(data).toEqual(new Float32Array(18));
  });

  it('of tabular-resnet', () => {
    const settings = { width: 6, hidden: 8, blocks: 1, classes: 3, norm: 'layer' } as const;
    expect(shapesOf(tabularResnet(settings), [5])).toEqual({
      'input.weight': [6, 5],
      'input.bias': [6],
      'blocks.0.norm.weight': [6],
      'blocks.0.norm.bias': [6],
      'blocks.0.fc1.weight': [8, 6],
      'blocks.0.fc1.bias': [8],
      'blocks.0.fc2.weight': [6, 8],
      'blocks.0.fc2.bias': [6],
      'norm.weight': [6],
      'norm.bias': [6],
      'fc.weight': [3, 6],
      'fc.bias': [3],
    });
  });

  it('of cnn1d, for signals of one channel and of several', () => {
    const shapes = {
      'conv1.weight': [32, 2, 7],
      'conv1.bias': [32],
      'conv2.weight': [64, 32, 5],
      'conv2.bias': [64],
      'conv3.weight': [64, 64, 3],
      'conv3.bias': [64],
      'fc.weight': [2, 64],
      'fc.bias': [2],
    };
    expect(shapesOf(cnn1d(), [2, 100])).toEqual(shapes);
    expect(shapesOf(cnn1d(), [9])).toEqual({ ...shapes, 'conv1.weight': [32, 1, 7] });
  });

  it.each([[[2, 3]], [[1, 28, 28]], [[]]])('of cnn1d are refused for %j', (shape) => {
    expect(() => shapesOf(cnn1d(), shape)).toThrow(/cnn1d reads signals .*from 4, got \[/);
    expect(() => shapesOf(cnn1d(), shape)).toThrow(NetworkError);
  });

  it.each<[string, Network, number]>([
    ['paper-cnn', paperCnn(), 106_442],
    ['lenet5', lenet5(), 61_706],
    ['mlp', mlp(), 235_146],
    ['resnet8', resnet8(), 77_754],
  ])('of %s are so many numbers', (_, network, count) => {
    expect(layoutSize(layoutOf(parametersOf(network, [x(GREY)])))).toBe(count);
  });
});

describe.each<[string, Network, Shape]>([
  ['paper-cnn', paperCnn({ classes: 5, dropout: 0.5 }), [2, 12, 16]],
  ['lenet5', lenet5({ classes: 5 }), GREY],
  ['mlp', mlp({ classes: 5, dropout: 0.5 }), [2, 12, 16]],
  ['resnet8', resnet8({ classes: 5 }), [2, 13, 9]],
  ['linear model', linearModel({ classes: 5 }), [7]],
  ['tabular-resnet', tabularResnet({ classes: 5, dropout: 0.5 }), [7]],
  ['cnn1d', cnn1d({ classes: 5 }), [2, 11]],
])('%s', (_, network, imageShape) => {
  it('gives a row of logits for every image', () => {
    const layout = layoutOf(parametersOf(network, [x(imageShape)]));
    const weights = layout.map(({ name, shape }) => input(name, shape));
    const logits = applyNetwork(network, layout, weights, [input('images', [3, ...imageShape])]);
    expect(logits.shape).toEqual([3, 5]);
  });
});

describe('unet', () => {
  it.each([
    [3, 96, 72],
    [1, 7, 10],
    [3, 5, 4],
  ])('gives scores for each pixel of a picture of %i×%i×%i', (...shape) => {
    const layout = layoutOf(parametersOf(unet({ classes: 5 }), [x(shape)]));
    const weights = layout.map(({ name, shape }) => input(name, shape));
    const scores = applyNetwork(unet({ classes: 5 }), layout, weights, [input('images', [3, ...shape])]);
    expect(scores.shape).toEqual([3, 5, ...shape.slice(1)]);
  });

  it('refuses a picture of fewer than four rows or columns', () => {
    expect(() => parametersOf(unet(), [x([1, 3, 9])])).toThrow('at least 4x4, got 3x9');
  });
});

it('a kernel of even extent is refused, since no padding keeps the size', () => {
  expect(() => parametersOf(paperCnn({ kernel: 4 }), [x(GREY)])).toThrow('conv2d: padding 1.5');
});

it('a state without one of the parameters is refused by name', () => {
  const layout = layoutOf(parametersOf(mlp(), [x(GREY)])).filter(({ name }) => name !== 'fc2.bias');
  const weights = layout.map(({ name, shape }) => input(name, shape));
  expect(() => applyNetwork(mlp(), layout, weights, [input('images', [1, ...GREY])])).toThrow(
    'network: it asks for "fc2.bias" [128], which the state does not have',
  );
});
