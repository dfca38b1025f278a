import { describe, expect, it } from 'vitest';
import { subset } from '../dataset.js';
import { arrayDataset } from './array-dataset.js';

const features = { name: 'features', values: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2] };
const price = { name: 'price', values: Float32Array.of(7, 8, 9) };
const parts = { name: 'own', inputs: [features], targets: [price] };

describe('a data set of arrays', () => {
  it('has a column for each, in shared memory, whose numbers go into a graph as they are', () => {
    const labels = {
      name: 'labels',
      values: Uint8Array.of(0, 1, 1),
      meaning: { kind: 'categories', names: ['a', 'b'] },
    } as const;
    const { examples, inputs, targets } = arrayDataset({ ...parts, targets: [price, labels] });
    expect(examples).toBe(3);
    expect(inputs[0]).toMatchObject({ dtype: 'f32', shape: [2], meaning: { kind: 'number' } });
    expect(targets.map(({ dtype }) => dtype)).toEqual(['f32', 'i32']);
    expect(inputs[0]!.values.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it('gives chosen examples, of every column', () => {
    const { inputs, targets } = subset(arrayDataset(parts), [2, 0]);
    expect([...inputs[0]!.values]).toEqual([5, 6, 1, 2]);
    expect([...targets[0]!.values]).toEqual([9, 7]);
  });

  it.each([
    [
      'of other lengths',
      { targets: [{ ...price, values: Float32Array.of(1) }] },
      'the price of "own" are wrong: the array has 1 numbers, expected 3',
    ],
    [
      'with half an example',
      { inputs: [{ ...features, values: new Float32Array(5) }] },
      '"features" of "own" has 5 numbers, expected a multiple of the 2',
    ],
    ['of nothing', { inputs: [] }, '"own" has no inputs'],
    [
      'with NaN',
      { targets: [{ ...price, values: Float32Array.of(1, Number.NaN, 3) }] },
      'price 1 of "own" is NaN, expected a finite number',
    ],
    [
      'with a token beyond the vocabulary',
      {
        inputs: [
          {
            name: 'tokens',
            values: Int32Array.of(0, 4, 5),
            meaning: { kind: 'tokens', vocabulary: 5 } as const,
          },
        ],
      },
      'token 2 of "own" is 5, expected 0 to 4',
    ],
  ])('is refused %s', (_, changed, problem) => {
    expect(() => arrayDataset({ ...parts, ...changed })).toThrow(problem);
  });
});
