import { describe, expect, it } from 'vitest';
import * as g from './build.js';
import { GraphError, type Value } from './value.js';

const x = g.input('x', [2, 3]);
const image = g.input('image', [2, 4, 6, 5]);
const labels = g.input('labels', [2], 'i32');

describe('a shape rule accepts', () => {
  it.each<[string, () => Value, readonly number[]]>([
    ['operands that broadcast', () => g.add(g.input('a', [2, 1, 3]), g.input('b', [4, 1])), [2, 4, 3]],
    ['a scalar beside anything', () => g.mul(image, 2), [2, 4, 6, 5]],
    ['matrices', () => g.matmul(x, g.input('b', [5, 3]), { transposeB: true }), [2, 5]],
    [
      'batches of matrices',
      () => g.matmul(g.input('a', [7, 1, 2, 3]), g.input('b', [4, 3, 5])),
      [7, 4, 2, 5],
    ],
    [
      'a convolution with strides',
      () => g.conv2d(image, g.input('w', [8, 4, 3, 3]), undefined, { strides: 2 }),
      [2, 8, 2, 2],
    ],
    [
      'a dilated convolution',
      () => g.conv2d(image, g.input('w', [8, 4, 2, 3]), undefined, { dilations: [3, 2] }),
      [2, 8, 3, 1],
    ],
    [
      'a transposed convolution',
      () =>
        g.convTranspose2d(image, g.input('w', [4, 8, 3, 3]), undefined, {
          ...{ strides: 2, padding: 1, outputPadding: [1, 0] },
        }),
      [2, 8, 12, 9],
    ],
    [
      'uneven padding',
      () => g.maxPool2d(image, { kernel: [3, 2], padding: { top: 2, left: 0, bottom: 0, right: 1 } }),
      [2, 4, 2, 3],
    ],
    ['reductions', () => g.reduceSum(image, [1, 3]), [2, 6]],
    ['reductions that keep the axes', () => g.reduceMax(image, [1, 3], true), [2, 1, 6, 1]],
    ['indices in place of an axis', () => g.gather(image, labels, 1), [2, 2, 6, 5]],
    ['labels', () => g.oneHot(labels, 10), [2, 10]],
    ['concatenation', () => g.concat([x, g.input('y', [2, 5])], 1), [2, 8]],
    ['labels compared', () => g.equal(labels, g.input('other', [2], 'i32')), [2]],
  ])('%s', (_, make, shape) => {
    expect(make().shape).toEqual(shape);
  });
});

describe('a shape rule refuses', () => {
  it.each<[string, () => Value, string]>([
    [
      'extents that do not broadcast',
      () => g.add(x, g.input('y', [4])),
      'add: [2,3] and [4] do not broadcast: 3 and 4 differ',
    ],
    ['integers in arithmetic', () => g.mul(labels, 2), 'mul: operand 0 is i32[2], expected f32'],
    ['integers beside floats', () => g.equal(labels, x), 'equal: operand 1 is f32[2,3], expected i32'],
    [
      'bytes in a function',
      () => g.exp(g.input('pixels', [4], 'u8')),
      'exp: operand 0 is u8[4], expected f32',
    ],
    ['operands that are missing', () => g.apply('add', [x], {}), 'add: expected 2 operands, got 1'],
    ['values that do not fill', () => g.constant([1, 2, 3], [2, 2]), 'constant: 3 values do not fill [2,2]'],
    [
      'vectors in a product',
      () => g.matmul(x, g.input('v', [3])),
      'matmul: operands need two axes or more, got [2,3] and [3]',
    ],
    ['unequal inner extents', () => g.matmul(x, x), 'matmul: 2×3 times 2×3 (from [2,3] and [2,3])'],
    [
      'the same, transposed',
      () => g.matmul(x, x, { transposeA: true, transposeB: true }),
      'matmul: 3×2 times 3×2 (from [2,3] and [2,3])',
    ],
    [
      'a convolution of a matrix',
      () => g.conv2d(x, g.input('w', [1, 1, 3, 3])),
      'conv2d: x must have four axes, got [2,3]',
    ],
    ['a weight of a matrix', () => g.conv2d(image, x), 'conv2d: the weight must have four axes, got [2,3]'],
    [
      'a weight of other channels',
      () => g.conv2d(image, g.input('w', [8, 3, 3, 3])),
      'conv2d: weight [8,3,3,3] in 1 groups does not fit 4 channels',
    ],
    [
      'a dilated window larger than the image',
      () => g.conv2d(image, g.input('w', [8, 4, 3, 3]), undefined, { dilations: 3 }),
      'conv2d: a 7×7 window does not fit into an image of 6×5',
    ],
    [
      'no distance between taps',
      () => g.conv2d(image, g.input('w', [8, 4, 3, 3]), undefined, { dilations: 0 }),
      'conv2d: a 3×3 window with strides 1×1 and dilations 0×0, expected whole numbers above 0',
    ],
    [
      'as many rows after the last window as the stride',
      () => g.convTranspose2d(image, g.input('w', [4, 8, 3, 3]), undefined, { strides: 2, outputPadding: 2 }),
      'conv2dInputGradient: an image [2,8,15,13] has windows [2,4,7,6], got [2,4,6,5]',
    ],
    [
      'groups that do not divide',
      () => g.conv2d(image, g.input('w', [3, 2, 3, 3]), undefined, { groups: 2 }),
      'conv2d: weight [3,2,3,3] in 2 groups does not fit 4 channels',
    ],
    [
      'a bias of another size',
      () => g.conv2d(image, g.input('w', [8, 4, 3, 3]), g.input('b', [4])),
      'conv2d: the bias is [4], expected [8]',
    ],
    [
      'a window larger than the image',
      () => g.conv2d(image, g.input('w', [8, 4, 7, 3])),
      'conv2d: a 7×3 window does not fit into an image of 6×5',
    ],
    [
      'fractional padding',
      () => g.conv2d(image, g.input('w', [8, 4, 4, 4]), undefined, { padding: 1.5 }),
      'conv2d: padding 1.5, 1.5, 1.5, 1.5 (top, left, bottom, right), expected whole numbers',
    ],
    [
      'negative padding',
      () => g.maxPool2d(image, { kernel: 2, padding: -1 }),
      'maxPool2d: padding -1, -1, -1, -1 (top, left, bottom, right), expected whole numbers',
    ],
    [
      'strides of 0',
      () => g.maxPool2d(image, { kernel: 2, strides: 0 }),
      'maxPool2d: a 2×2 window with strides 0×0, expected whole numbers above 0',
    ],
    [
      'windows of padding alone',
      () => g.averagePool2d(image, { kernel: 2, padding: 2 }),
      'averagePool2d: the padding must be less than the 2×2 window',
    ],
    ['an axis that is not there', () => g.reduceSum(x, [2]), 'reduceSum: there is no axis 2 in [2,3]'],
    ['an axis from the end', () => g.softmax(x, -1), 'softmax: there is no axis -1 in [2,3]'],
    ['the largest of no axis', () => g.argMax(x, 5), 'argMax: there is no axis 5 in [2,3]'],
    [
      'a reshape to another size',
      () => g.reshape(x, [4, 2]),
      'reshape: [2,3] has not as many elements as [4,2]',
    ],
    ['an expansion that shrinks', () => g.expand(x, [3]), 'expand: [2,3] does not broadcast to [3]'],
    ['a permutation with a repeat', () => g.transpose(x, [0, 0]), 'transpose: [0,0] does not permute [2,3]'],
    ['a permutation of fewer axes', () => g.transpose(x, [0]), 'transpose: [0] does not permute [2,3]'],
    ['nothing to concatenate', () => g.concat([], 0), 'concat: there is nothing to concatenate'],
    [
      'parts that do not fit',
      () => g.concat([x, g.input('y', [3, 3])], 1),
      'concat: [3,3] beside [2,3] along axis 1',
    ],
    ['a slice outside', () => g.slice(x, [0, 1], [2, 4]), 'slice: [1, 4) of axis 1 is outside [2,3]'],
    ['a slice of fewer axes', () => g.slice(x, [0], [1]), 'slice: [2,3] needs 2 starts and ends'],
    ['padding of fewer axes', () => g.pad(x, [1], [1]), 'pad: [2,3] needs 2 numbers before and after'],
    [
      'indices that are floats',
      () => g.gather(x, g.input('i', [2])),
      'gather: operand 1 is f32[2], expected i32',
    ],
    ['labels that are floats', () => g.oneHot(x, 3), 'oneHot: operand 0 is f32[2,3], expected i32'],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(GraphError);
    expect(make).toThrow(new GraphError(message));
  });
});
