import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { imageDataset } from '../images/image-dataset.js';
import { allIndices, batches, createBatch, epochOrder, fillBatch } from './batches.js';

const dataset = imageDataset({
  name: 'tiny',
  images: Uint8Array.from({ length: 20 }, (_, index) => index + 1),
  labels: Uint8Array.from({ length: 10 }, (_, index) => index),
  channels: 1,
  height: 1,
  width: 2,
  classNames: [...'abcdefghij'],
});

describe('batches', () => {
  it('give a ragged last batch weight 0 and its first example in its empty places', () => {
    const [first, second] = [...batches(dataset, Uint32Array.of(3, 1, 2), 2)];
    expect([...first!.inputs[0]!]).toEqual([7, 8, 3, 4]);
    expect([...first!.targets[0]!]).toEqual([3, 1]);
    expect([...first!.weights]).toEqual([1, 1]);
    expect(second!.count).toBe(1);
    expect([...second!.inputs[0]!]).toEqual([5, 6, 5, 6]);
    expect([...second!.targets[0]!]).toEqual([2, 2]);
    expect([...second!.weights]).toEqual([1, 0]);
  });

  it('fill the same buffers again where a batch is given', () => {
    const into = createBatch(dataset, 4);
    const seen: number[][] = [];
    for (const batch of batches(dataset, allIndices(dataset), 4, { into })) {
      expect(batch).toBe(into);
      seen.push([...batch.targets[0]!], [...batch.weights]);
    }
    expect(seen.slice(4)).toEqual([
      [8, 9, 8, 8],
      [1, 1, 0, 0],
    ]);
  });

  it('show every example once, in the order of the stream', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer(), (batchSize, seed) => {
        const order = () => randomStream(seed, 'order');
        const labels = [...batches(dataset, allIndices(dataset), batchSize, { order: order() })].flatMap(
          (batch) => [...batch.targets[0]!.subarray(0, batch.count)],
        );
        expect(labels).toEqual([...epochOrder(allIndices(dataset), order())]);
        expect([...labels].sort()).toEqual([...allIndices(dataset)]);
      }),
    );
  });

  it('are none for no indices', () => {
    expect([...batches(dataset, new Uint32Array(0), 4)]).toEqual([]);
  });

  it('refuse an impossible size or place', () => {
    expect(() => createBatch(dataset, 0)).toThrow('the batch size is 0, expected a whole number from 1');
    expect(() => [...batches(dataset, Uint32Array.of(0), 2, { into: createBatch(dataset, 3) })]).toThrow(
      'the batch to fill has 3 places, expected the batch size 2',
    );
    expect(() => fillBatch(createBatch(dataset, 1), dataset, Uint32Array.of(10), 0)).toThrow(
      '"tiny" has 10 examples, asked for number 10',
    );
  });
});

it('an epoch order leaves the indices as they are', () => {
  const indices = Uint32Array.of(5, 6, 7, 8);
  const order = epochOrder(indices, randomStream(1));
  expect([...indices]).toEqual([5, 6, 7, 8]);
  expect([...order].sort()).toEqual([5, 6, 7, 8]);
});
